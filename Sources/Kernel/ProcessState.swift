// Whether a process runs at all, as /proc tells it.

internal import Glibc

/// What the kernel says of a process's state.
public enum ProcessState {
  /// Somebody has stopped it: a signal, or a debugger. True as well when that cannot be told for
  /// want of descriptors, false for one that has gone.
  public static func isStopped(_ pid: Int32) -> Bool {
    do throws(SystemError) {
      return isStopped(stat: try Files.contents(of: "/proc/\(pid)/stat", limit: 4096))
    } catch {
      return error.code == EMFILE || error.code == ENFILE
    }
  }

  /// The same from the text of /proc/PID/stat: `12 (name) T 1 ...`. Pure.
  public static func isStopped(stat bytes: [UInt8]) -> Bool {
    // The name may hold anything, parentheses and spaces too.
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.count else {
      return false
    }
    let state = bytes[end + 2]
    return state == UInt8(ascii: "T") || state == UInt8(ascii: "t")
  }
}
