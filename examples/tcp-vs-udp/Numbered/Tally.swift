// What a server has counted of one transport, and how it says so in a line. `seq` writes the line
// when it is asked for it (`?`), and the lesson reads it.

/// Counts of the messages that arrived over one transport.
public struct Tally: Equatable, Sendable {
  /// Messages, damaged and repeated ones included.
  public private(set) var arrived = 0
  /// Different numbers among those that were intact.
  public private(set) var distinct = 0
  /// Intact messages whose number had arrived before.
  public private(set) var repeated = 0
  /// Intact messages, not repeated, behind one with a higher number.
  public private(set) var late = 0
  /// Messages whose checksum was wrong.
  public private(set) var damaged = 0
  /// Reads that brought something, and datagrams.
  public private(set) var calls = 0
  /// Bytes of the messages.
  public private(set) var bytes = 0

  private var seen: SeenNumbers
  private var highest = -1

  /// Nothing yet. Of numbers from `trackedCount` on it is not known whether they are repeated: each
  /// counts as distinct.
  public init(trackedCount: Int) { seen = SeenNumbers(count: trackedCount) }

  /// A call of the handler begins that brings something new: what is stamped next came in it.
  public mutating func noteCall() { calls += 1 }

  /// Counts and judges a message, here without its line feed. `byteCount` is what it took on the
  /// wire; `isWhole` says that its line feed was there.
  public mutating func stamp(line: Span<UInt8>, byteCount: Int, isWhole: Bool) -> Stamp {
    arrived += 1
    bytes += byteCount
    let request = isWhole ? Request(line: line) : nil
    if let request {
      if seen.insert(request.number) {
        distinct += 1
        if request.number < highest { late += 1 }
        highest = max(highest, request.number)
      } else {
        repeated += 1
      }
    } else {
      damaged += 1
    }
    return Stamp(arrival: arrived, call: calls, isIntact: request != nil)
  }

  /// The counts by name, in the order of the line.
  private static var fields: [(name: String, path: WritableKeyPath<Tally, Int>)] {
    [
      ("arrived", \.arrived), ("distinct", \.distinct), ("repeated", \.repeated), ("late", \.late),
      ("damaged", \.damaged), ("calls", \.calls), ("bytes", \.bytes),
    ]
  }

  /// `arrived 12 distinct 12 repeated 0 late 0 damaged 0 calls 3 bytes 768`
  public var text: String {
    Self.fields.map { "\($0.name) \(self[keyPath: $0.path])" }.joined(separator: " ")
  }

  /// Reads what `text` says; nil when it is anything else.
  public init?(text: some StringProtocol) {
    self.init(trackedCount: 0)
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2 * Self.fields.count else { return nil }
    for (place, field) in Self.fields.enumerated() {
      guard words[2 * place] == field.name, let count = Int(words[2 * place + 1]), count >= 0
      else { return nil }
      self[keyPath: field.path] = count
    }
  }
}

/// The counts of both transports: `tcp arrived 12 …; udp arrived 0 …`, which is the answer to `?`.
public struct Tallies: Equatable, Sendable {
  /// Of streams.
  public var tcp: Tally
  /// Of datagrams.
  public var udp: Tally

  /// What asks a server for its tallies, as a line or as a datagram.
  public static let question = UInt8(ascii: "?")

  /// Nothing yet; see `Tally`.
  public init(trackedCount: Int) {
    tcp = Tally(trackedCount: trackedCount)
    udp = Tally(trackedCount: trackedCount)
  }

  /// The line, without its line feed.
  public var text: String { "tcp \(tcp.text); udp \(udp.text)" }

  /// Reads the line, with or without its line feed; nil when it is anything else.
  public init?(text: String) {
    let line = text.hasSuffix("\n") ? text.dropLast() : text[...]
    let halves = line.split(separator: ";", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[0].hasPrefix("tcp "), halves[1].hasPrefix(" udp "),
      let tcp = Tally(text: halves[0].dropFirst(4)), let udp = Tally(text: halves[1].dropFirst(5))
    else { return nil }
    self.tcp = tcp
    self.udp = udp
  }
}
