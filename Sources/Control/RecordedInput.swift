// What a connection sent before a worker died, read from the record that the worker kept in its
// buffers (ck_record). Pure; every byte may have been written by a plugin that ran wild, so what
// makes no sense is no record.

internal import CKernel

/// The calls of `handle` for one connection, each with the bytes that were new to it.
public struct RecordedInput: Equatable, Sendable {
  /// In order; the last is that of the last call.
  public private(set) var calls: [[UInt8]] = []
  /// All that the handler has been given; nil when the record does not begin with the connection.
  public private(set) var byteCount: UInt64?

  /// Largest that there can be: see `--record-input`.
  public static let largest = 16 << 20

  private static let countSize = 4
  /// A record of a byte a call would be a file of many lines; those before say little.
  private static let mostCalls = 65536

  /// `bytes` is the whole record, header included. nil when it is not that of this connection, or
  /// makes no sense.
  public init?(_ bytes: [UInt8], of connection: UInt64) {
    let first = Int(CK_RECORD_HEADER)
    let capacity = bytes.count - first
    guard capacity > Self.countSize, bytes.count <= Self.largest,
      Self.number(bytes[0..<8]) == connection
    else { return nil }
    let total = Self.number(bytes[8..<16])
    let start = Self.number(bytes[16..<20])
    let used = Self.number(bytes[20..<24])
    let isPartial = Self.number(bytes[28..<32])
    guard start < UInt64(capacity), used <= UInt64(capacity) else { return nil }
    let ring = bytes[first...]
    var place = Int(start)
    var left = Int(used)
    func take(_ count: Int) -> [UInt8] {
      let head = min(count, capacity - place)
      let taken =
        ring[(first + place)..<(first + place + head)] + ring[first..<(first + count - head)]
      place = (place + count) % capacity
      left -= count
      return Array(taken)
    }
    var known: UInt64 = 0
    while left > 0 {
      guard left > Self.countSize else { return nil }
      let size = Self.number(take(Self.countSize)[...])
      guard size > 0, size <= UInt64(left) else { return nil }
      known += size
      calls.append(take(Int(size)))
    }
    guard known <= total else { return nil }
    if calls.count > Self.mostCalls { calls.removeFirst(calls.count - Self.mostCalls) }
    byteCount = isPartial == 0 ? total : nil
  }

  /// Little-endian, as all machines are that this runs on.
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
