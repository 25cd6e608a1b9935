// Texts as the C library takes them where it starts programs: an array of pointers with a NULL at
// its end. Whoever receives it keeps none of it.

internal import Glibc

/// Calls `body` with the texts as C wants them, a NULL behind the last. They are valid until it
/// returns.
@unsafe
public func withTextArray<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  // SAFETY: each copy lives until the end of this function, which frees it.
  var pointers = unsafe texts.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { unsafe pointers.forEach { unsafe free($0) } }
  return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}
