// What a connection sent before a worker died, read from the record that the worker kept in its
// buffers (ck_record). Pure; every byte may have been written by a plugin that ran wild, so what
// makes no sense is no record.

internal import CKernel

/// The calls of `handle` for one connection, each with the bytes that were new to it.
package struct RecordedInput: Equatable, Sendable {
  /// In order; the last is that of the last call.
  package private(set) var calls: [[UInt8]] = []
  /// All that the handler has been given; nil when the record does not begin with the connection.
  package private(set) var byteCount: UInt64?

  /// Largest that there can be: see `--record-input`.
  package static let largest = 16 << 20

  private static let countSize = 4
  /// A record of a byte a call would be a file of many lines; those before say little.
  private static let mostCalls = 65536

  /// `bytes` is the whole record, header included. nil when it is not that of this connection, or
  /// makes no sense.
  package init?(_ bytes: [UInt8], of connection: UInt64) {
    let first = Int(CK_RECORD_HEADER)
    let capacity = bytes.count - first
    guard capacity > Self.countSize, bytes.count <= Self.largest,
      bytes.number(at: 0, as: UInt64.self) == connection,
      let total = bytes.number(at: 8, as: UInt64.self),
      let start = bytes.number(at: 16, as: UInt32.self), Int(start) < capacity,
      let used = bytes.number(at: 20, as: UInt32.self), Int(used) <= capacity,
      let isPartial = bytes.number(at: 28, as: UInt32.self)
    else { return nil }
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
      guard left > Self.countSize,
        let size = take(Self.countSize).number(at: 0, as: UInt32.self), size > 0,
        Int(size) <= left
      else { return nil }
      known += UInt64(size)
      calls.append(take(Int(size)))
    }
    guard known <= total else { return nil }
    if calls.count > Self.mostCalls { calls.removeFirst(calls.count - Self.mostCalls) }
    byteCount = isPartial == 0 ? total : nil
  }
}
