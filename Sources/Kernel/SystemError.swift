// A system call that failed: which call, and the kernel's code. Everything in Kernel throws this
// and nothing else; callers add what they were doing and what the user can do about it.

internal import Glibc

/// A failed system call.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The kernel's error number, positive: `EADDRINUSE`.
  public let code: Int32
  /// The call, as its man page is named: `bind`.
  public let call: String

  /// Names a failed call and the kernel's code for it, positive.
  public init(_ call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The kernel's own sentence: `Address already in use`. Of a file that becomes too large also
  /// what the limit is: nobody expects one, least of all for a file in memory.
  public var reason: String {
    // SAFETY: strerror answers a NUL-terminated text, which is copied at once.
    let sentence = unsafe String(cString: strerror(code))
    guard code == EFBIG, let limit = HostFacts.fileByteLimit else { return sentence }
    return "\(sentence): RLIMIT_FSIZE (ulimit -f, LimitFSIZE=) allows \(limit) bytes"
  }

  /// Both in one line: `bind: Address already in use`.
  public var description: String { "\(call): \(reason)" }

  /// Turns a shim's result (`-errno` or a value) into a value or a thrown error.
  @discardableResult
  public static func check<Value: SignedInteger>(
    _ call: String, _ result: Value
  ) throws(SystemError) -> Value {
    guard result >= 0 else { throw SystemError(call, code: Int32(-result)) }
    return result
  }
}
