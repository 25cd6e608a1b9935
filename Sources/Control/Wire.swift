// How values become bytes between supervisor and worker: little-endian numbers, texts and lists
// with their length in front. Decoding never traps, whatever the bytes: a plugin can write into a
// worker's memory, so the supervisor takes nothing that arrives for granted.

/// What was wrong with bytes that should have been a message.
public struct MalformedMessage: Error, Equatable, Sendable, CustomStringConvertible {
  /// Which part could not be read.
  public let part: String
  /// A line for the log.
  public var description: String { "malformed control message: \(part)" }
}

/// Builds one message or configuration.
public struct WireEncoder {
  /// What has been put so far.
  public private(set) var bytes: [UInt8] = []

  /// Starts with nothing.
  public init() {}

  /// Appends a number, least significant byte first.
  public mutating func put<Number: FixedWidthInteger>(_ value: Number) {
    var rest = value
    for _ in 0..<(Number.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// Appends a byte, 0 or 1.
  public mutating func put(_ value: Bool) { put(UInt8(value ? 1 : 0)) }

  /// Appends bytes behind their count.
  public mutating func put(_ value: [UInt8]) {
    put(UInt32(value.count))
    bytes += value
  }

  /// Appends a text as UTF-8 behind its byte count.
  public mutating func put(_ value: String) { put(Array(value.utf8)) }

  /// Appends texts behind their count.
  public mutating func put(_ values: [String]) {
    put(UInt32(values.count))
    for value in values { put(value) }
  }
}

/// Reads what `WireEncoder` wrote.
public struct WireDecoder {
  private var rest: ArraySlice<UInt8>

  /// Reads from the first of these bytes on.
  public init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// Has everything been read?
  public var isAtEnd: Bool { rest.isEmpty }

  /// The next number; `part` names it in the error when there are too few bytes.
  public mutating func number<Number: FixedWidthInteger>(
    _ part: String, as type: Number.Type = Number.self
  ) throws(MalformedMessage) -> Number {
    let count = Number.bitWidth / 8
    guard rest.count >= count else { throw MalformedMessage(part: part) }
    var value: Number = 0
    for (index, byte) in rest.prefix(count).enumerated() {
      value |= Number(truncatingIfNeeded: byte) << Number(8 * index)
    }
    rest.removeFirst(count)
    return value
  }

  /// The next byte as yes or no.
  public mutating func flag(_ part: String) throws(MalformedMessage) -> Bool {
    try number(part, as: UInt8.self) != 0
  }

  /// The next bytes, as many as their count says.
  public mutating func blob(_ part: String) throws(MalformedMessage) -> [UInt8] {
    let count = Int(try number(part, as: UInt32.self))
    guard rest.count >= count else { throw MalformedMessage(part: part) }
    defer { rest.removeFirst(count) }
    return Array(rest.prefix(count))
  }

  /// Text; malformed UTF-8 is replaced, since it is only ever shown.
  public mutating func text(_ part: String) throws(MalformedMessage) -> String {
    String(decoding: try blob(part), as: UTF8.self)
  }

  /// The next texts, as many as their count says.
  public mutating func texts(_ part: String) throws(MalformedMessage) -> [String] {
    // Each text takes four bytes at least, which bounds the list before anything is allocated.
    let count = Int(try number(part, as: UInt32.self))
    guard count <= rest.count / 4 else { throw MalformedMessage(part: part) }
    var values: [String] = []
    for _ in 0..<count { values.append(try text(part)) }
    return values
  }
}
