// One datagram to a service manager. Whether it listens is its affair: nothing here waits, and
// nobody fails for want of somebody to tell.

internal import CKernel
internal import Glibc

/// Sends to the socket that NOTIFY_SOCKET names.
public enum Notice {
  /// What became of one.
  public enum Outcome: Equatable, Sendable {
    case sent
    /// The other side has too many to read; later there may be room.
    case full
    case failed(SystemError)
  }

  /// The address is a path, or a name behind an @.
  public static func send(_ text: String, to address: String) -> Outcome {
    var text = text
    // SAFETY: the text is valid inside the closure, the address during the call.
    let result = text.withUTF8 { unsafe ck_notify(address, $0.baseAddress, $0.count) }
    switch result {
    case 0: return .sent
    case -EAGAIN, -ENOBUFS: return .full
    default: return .failed(SystemError("sendto", code: -result))
    }
  }
}
