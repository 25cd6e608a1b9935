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
    let ring = Ring(bytes: bytes, first: first, capacity: capacity)
    // All are counted first: only those that are kept cost more than that.
    var place = Int(start)
    var left = Int(used)
    var known: UInt64 = 0
    var count = 0
    while left > 0 {
      guard left > Self.countSize else { return nil }
      let size = ring.number(at: place)
      left -= Self.countSize
      guard size > 0, size <= left else { return nil }
      left -= size
      place = ring.place(place, plus: Self.countSize + size)
      known += UInt64(size)
      count += 1
    }
    guard known <= total else { return nil }
    place = Int(start)
    calls.reserveCapacity(min(count, Self.mostCalls))
    for call in 0..<count {
      let size = ring.number(at: place)
      place = ring.place(place, plus: Self.countSize)
      if call >= count - Self.mostCalls { calls.append(ring.bytes(at: place, count: size)) }
      place = ring.place(place, plus: size)
    }
    byteCount = isPartial == 0 ? total : nil
  }

  /// The bytes behind the header, which go on at their beginning.
  private struct Ring {
    let bytes: [UInt8]
    let first: Int
    let capacity: Int

    /// `count` is no larger than the ring.
    func place(_ place: Int, plus count: Int) -> Int {
      let next = place + count
      return next < capacity ? next : next - capacity
    }

    /// Little-endian, of four bytes.
    func number(at place: Int) -> Int {
      var number = 0
      for index in 0..<RecordedInput.countSize {
        number |= Int(bytes[first + self.place(place, plus: index)]) << (8 * index)
      }
      return number
    }

    func bytes(at place: Int, count: Int) -> [UInt8] {
      let head = min(count, capacity - place)
      return Array(bytes[(first + place)..<(first + place + head)])
        + bytes[first..<(first + count - head)]
    }
  }

  /// Little-endian, as all machines are that this runs on.
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
