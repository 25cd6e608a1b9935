// seq: stamps and echoes numbered messages, and counts what became of them on their way. One
// handler for TCP and UDP; what differs is what the transports themselves do.
//
//     swift build -c release
//     .build/release/portico --plugin seq --listen tcp://*:7788 --listen udp://*:7788
//     printf '00000000  57177ac3\n' | nc -q1 127.0.0.1 7788       answers 00000000  57177ac3 1 1 …
//     echo '?' | nc -q1 127.0.0.1 7788                            answers tcp arrived 1 distinct …
//
// A message is a line (see `Numbered`), over UDP a datagram of its own. An empty line or datagram
// is no message: it is neither counted nor answered, and neither is `?` counted. The counts are
// those of one worker and all its clients, hence `.coupled` and not `.sharded`.

internal import Numbered
public import PorticoHandler

/// What all clients have in common.
final class Counts: SharedState {
  var tallies: Tallies

  init(trackedCount: Int) { tallies = Tallies(trackedCount: trackedCount) }
}

struct Seq: Handler {
  static let plugin = Plugin(
    name: "seq", version: "1", description: "stamps and echoes numbered messages, counts them",
    promises: [.inline, .coupled], maxFrame: UInt64(Message.largestSize))

  private let counts: Counts
  /// A stream is opened, a datagram is not.
  private var isStream = false
  /// Bytes that were there at the end of the last call: a call with no more brings nothing new.
  private var leftCount = 0

  /// `--set track=N`: of how many numbers it is remembered whether they were there before.
  static func load(_ settings: Settings) throws -> Counts {
    Counts(trackedCount: try settings.number("track", in: 0...100_000_000, default: 1_000_000))
  }

  init(_ shared: Counts) { counts = shared }

  mutating func opened(_ reply: Reply) { isStream = true }

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
    guard isStream else {
      receive(datagram: bytes, reply)
      return bytes.byteCount
    }
    let isNews = bytes.byteCount > leftCount
    let consumedCount = receive(stream: bytes, isNews: isNews, reply)
    leftCount = bytes.byteCount - consumedCount
    if consumedCount == 0, leftCount >= Message.largestSize {
      throw Refusal("a line has more than \(Message.largestSize) bytes: no message is that long")
    }
    return consumedCount
  }

  /// All whole lines; what is behind the last of them waits for its rest.
  private func receive(stream bytes: RawSpan, isNews: Bool, _ reply: Reply) -> Int {
    var isCounted = !isNews
    func count() {
      if !isCounted { counts.tallies.tcp.noteCall() }
      isCounted = true
    }
    var start = 0
    while start < bytes.byteCount,
      let end = bytes.firstPlace(of: Message.lineFeed, in: start..<bytes.byteCount)
    {
      let line = bytes.extracting(start..<end).array
      start = end + 1
      if isQuestion(line) {
        reply.send(counts.tallies.text + "\n")
      } else if !line.isEmpty {
        count()
        let stamp = counts.tallies.tcp.stamp(
          line: line.span, byteCount: line.count + 1, isWhole: true)
        reply.send(stamp.answer(to: line.span))
      }
    }
    if start < bytes.byteCount { count() }
    return start
  }

  /// One message, whatever is in it. One whose line feed is missing or was turned into something
  /// else is damaged.
  private func receive(datagram bytes: RawSpan, _ reply: Reply) {
    var line = bytes.array
    let isWhole = line.last == Message.lineFeed
    if isWhole { line.removeLast() }
    if isQuestion(line) {
      reply.send(counts.tallies.text + "\n")
    } else if !line.isEmpty {
      counts.tallies.udp.noteCall()
      let stamp = counts.tallies.udp.stamp(
        line: line.span, byteCount: bytes.byteCount, isWhole: isWhole)
      reply.send(stamp.answer(to: line.span))
    }
  }

  private func isQuestion(_ line: [UInt8]) -> Bool { line == [Tallies.question] }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Seq.self) }
