// Numbers of 1 to 8 bytes, as they stand in frames: read from a request, appended to an answer.

/// Which byte of a number comes first.
@frozen
public enum ByteOrder: Sendable {
  /// The most significant one: network order.
  case big
  /// The least significant one.
  case little
}

extension RawSpan {
  /// The number in `width` bytes (1 to 8) from `offset` on. They must be there.
  @inlinable
  public func number(at offset: Int, width: Int, order: ByteOrder = .big) -> UInt64 {
    precondition(1...8 ~= width, "BUG: a number has 1 to 8 bytes")
    var number: UInt64 = 0
    for index in 0..<width {
      let place = order == .big ? index : width - 1 - index
      number = number << 8 | UInt64(self[byte: offset + place])
    }
    return number
  }
}

extension [UInt8] {
  /// Appends a number in `width` bytes (1 to 8), which must have room for it: the length of an
  /// answer, for example.
  public mutating func append(
    _ number: some BinaryInteger, width: Int, order: ByteOrder = .big
  ) {
    precondition(1...8 ~= width, "BUG: a number has 1 to 8 bytes")
    guard let number = UInt64(exactly: number), width == 8 || number >> (8 * width) == 0 else {
      preconditionFailure("BUG: \(number) does not fit \(width) bytes")
    }
    for index in 0..<width {
      let place = order == .big ? width - 1 - index : index
      append(UInt8(truncatingIfNeeded: number >> (8 * place)))
    }
  }

  /// Appends a number of at least 0 as a varint, in as few bytes as it needs.
  public mutating func append(varint number: some BinaryInteger) {
    guard var rest = UInt64(exactly: number) else {
      preconditionFailure("BUG: \(number) is no number for a varint")
    }
    while rest > 0x7F {
      append(0x80 | UInt8(truncatingIfNeeded: rest & 0x7F))
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
