// Who a completion is for, in one word: what kind of thing, its index, and a generation that tells
// a late completion from one that is meant for the row's present client.

struct Token: BitwiseCopyable, Equatable {
  enum Purpose: UInt8 {
    case connection = 1
    case listener, datagrams, wake, control
  }

  /// What no completion is for: all-zero bytes, as an empty table has them.
  static var nobody: Token { Token(rawValue: 0) }

  static let generationMask: UInt32 = 0xFF_FFFF

  let rawValue: UInt64

  @inline(__always)
  init(purpose: Purpose, index: Int, generation: UInt32 = 0) {
    rawValue =
      UInt64(UInt32(truncatingIfNeeded: index)) | UInt64(generation & Self.generationMask) << 32
      | UInt64(purpose.rawValue) << 56
  }

  @inline(__always)
  init(rawValue: UInt64) { self.rawValue = rawValue }

  var index: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) & Self.generationMask }
  /// Tokens only ever come back from a backend that was given them.
  var purpose: Purpose { Purpose(rawValue: UInt8(truncatingIfNeeded: rawValue >> 56))! }
}
