// Holds the bytes of one connection against the answers that a transcript expects of it, as they
// come. Answers behind each other are one pattern, since a stream has no pieces; how far the bytes
// got tells which answers are complete. Never keeps what it has seen, but for a little context.
//
// The states of the pattern are a set of places. Where there are no wildcards it has one member and
// bytes are simply compared. Once a run of any bytes is reached, what came before it is forgotten:
// whatever could still match from there can also match from the run. So the set never grows beyond
// the places between two runs, whatever comes.

/// Compares what a server sends with what it was expected to send.
public struct TranscriptMatcher: Sendable {
  /// One expected answer.
  public struct Block: Equatable, Sendable {
    /// What it must be.
    public var patterns: [Transcript.Pattern]
    /// Of the transcript.
    public var line: Int

    /// An answer.
    public init(_ patterns: [Transcript.Pattern], line: Int) {
      self.patterns = patterns
      self.line = line
    }
  }

  let script: MatchScript
  /// The run of any bytes that was reached last, if any: it can take every byte there is.
  private(set) var run: Int?
  /// Places that the next byte may be compared with, ascending; the one behind `run` is always
  /// among them. Empty after a byte that could not be.
  private(set) var places: [Int] = []
  private var nextPlaces: [Int] = []
  /// The last of `places`, or what it was before a byte that could not be.
  private(set) var reach = 0
  /// How many bytes were fed until now, or until the one that could not be.
  public private(set) var byteCount = 0
  /// The last bytes before `byteCount`, for reports.
  private(set) var recent: [UInt8] = []

  /// Set by the first byte that cannot be; whatever follows changes nothing.
  public private(set) var mismatch: TranscriptMismatch?

  /// Expects these answers behind each other.
  public init(_ blocks: [Block]) {
    script = MatchScript(blocks)
    restart()
  }

  /// Expects what a transcript expects for one connection: a block for each of its `<` lines.
  public init(_ transcript: Transcript, connection: Int) {
    self.init(
      transcript.steps.compactMap { step in
        guard step.connection == connection, case .expect(let patterns) = step.action else {
          return nil
        }
        return Block(patterns, line: step.line)
      })
  }

  /// Are these bytes, all of them, such an answer? As a datagram is one.
  public static func matches(_ bytes: [UInt8], _ patterns: [Transcript.Pattern]) -> Bool {
    var matcher = TranscriptMatcher([Block(patterns, line: 0)])
    matcher.feed(bytes)
    return matcher.isMatched
  }

  /// How many answers are expected.
  public var blockCount: Int { script.ends.count }

  /// Can what was fed be everything up to the end of this block, or more than that? With a run of
  /// any bytes that can be taken back by the next byte. After a byte that could not be, this is as
  /// it was before it.
  public func isComplete(_ block: Int) -> Bool { reach >= script.ends[block] }

  /// Can what was fed be everything that is expected, and nothing more?
  public var isMatched: Bool { mismatch == nil && reach == script.cells.count }

  /// Forgets what was fed.
  public mutating func restart() {
    (run, reach, byteCount, mismatch) = (nil, 0, 0, nil)
    places.removeAll(keepingCapacity: true)
    recent.removeAll(keepingCapacity: true)
    script.enter(0, &places, &run)
    reach = places.last ?? 0
  }

  /// Holds a complete block to what it has now: runs of any bytes inside it take no more. Only one
  /// that ends the block may go on. For a driver that lets the client speak only then.
  public mutating func settle(_ block: Int) {
    guard mismatch == nil, isComplete(block) else { return }
    let end = script.ends[block]
    // The run at the very end of the block stays, and with it the place behind it.
    if let run, run < end - 1 { self.run = nil }
    places.removeAll { $0 < end }
  }

  /// Takes the next bytes, in pieces of any size.
  public mutating func feed(_ bytes: [UInt8]) { feed(bytes.span) }

  /// Takes the next bytes, in pieces of any size.
  public mutating func feed(_ bytes: Span<UInt8>) {
    guard mismatch == nil else { return }
    var index = 0
    while index < bytes.count {
      if run == nil, places.count == 1 {
        let (next, place) = compare(bytes, from: index)
        (index, places[0], reach) = (next, place, place)
      } else {
        index = skip(bytes, from: index)
      }
      guard index < bytes.count else { break }
      guard step(bytes[index]) else {
        remember(bytes, upTo: index)
        byteCount += index
        mismatch = TranscriptMismatch(self, next: bytes, at: index)
        return
      }
      index += 1
    }
    remember(bytes, upTo: bytes.count)
    byteCount += bytes.count
  }

  /// The way without wildcards: on to the first byte that is not as written, or is followed by a
  /// run. Returns where in the bytes and where in the script.
  private func compare(_ bytes: Span<UInt8>, from start: Int) -> (index: Int, place: Int) {
    var (index, place) = (start, places[0])
    let cells = script.cells.span
    while index < bytes.count, place < cells.count, cells[place].takes(bytes[index]),
      place + 1 == cells.count || !cells[place + 1].isRun
    {
      index += 1
      place += 1
    }
    return (index, place)
  }

  /// In a run with nothing else begun: on to the first byte that could be what follows it.
  private func skip(_ bytes: Span<UInt8>, from start: Int) -> Int {
    guard let run, places.count == 1 else { return start }
    guard run + 1 < script.cells.count else { return bytes.count }
    let next = script.cells[run + 1]
    var index = start
    while index < bytes.count, !next.takes(bytes[index]) { index += 1 }
    return index
  }

  /// One byte for every place; false, and nothing changed, when none takes it.
  private mutating func step(_ byte: UInt8) -> Bool {
    nextPlaces.removeAll(keepingCapacity: true)
    if let run { nextPlaces.append(run + 1) }
    for place in places where place < script.cells.count && script.cells[place].takes(byte) {
      script.enter(place + 1, &nextPlaces, &run)
    }
    guard let last = nextPlaces.last else { return false }
    swap(&places, &nextPlaces)
    reach = last
    return true
  }

  private mutating func remember(_ bytes: Span<UInt8>, upTo end: Int) {
    let kept = TranscriptMismatch.context
    if end < kept, recent.count + end > 2 * kept { recent.removeFirst(recent.count + end - kept) }
    if end >= kept { recent.removeAll(keepingCapacity: true) }
    for index in max(0, end - kept)..<end { recent.append(bytes[index]) }
  }
}
