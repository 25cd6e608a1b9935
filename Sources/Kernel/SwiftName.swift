// A function's name in Swift as its author knows it, from what the compiler made of it.

internal import CKernel

/// Names that the Swift compiler made.
public enum SwiftName {
  /// Longer ones are left alone: the more a name holds, the longer it takes to read.
  private static let longestByteCount = 512
  /// So are those that may stand for more: it would all be written before any of it is cut.
  static let longestText = 1 << 19
  private static let capacity = 4096

  /// `static Shop.Handler.handle(_: Swift.RawSpan) -> Swift.Int`; nil for what is no such name.
  public static func demangled(_ name: String) -> String? {
    guard name.hasPrefix("$s") || name.hasPrefix("$S") || name.hasPrefix("$e") else { return nil }
    let count = name.utf8.count
    guard count <= longestByteCount, MangledLength.most(name, atMost: longestText) != nil
    else { return nil }
    // SAFETY: the name lives as long as the call, which writes at most `capacity` bytes.
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { words in
      let length = unsafe ck_demangle(name, count, words.baseAddress, capacity)
      guard length > 0 else { return nil }
      return unsafe String(
        decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(words)[..<length]),
        as: UTF8.self)
    }
  }
}
