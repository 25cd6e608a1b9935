// What a descriptor referred to when it was looked at: a process that runs code of somebody else's
// asks again before it writes to one, since that code may have closed the number, and another file
// may have it by now.

internal import CKernel

/// A descriptor's number, and the file that it stands for.
public struct DescriptorIdentity: Sendable {
  /// The number; not owned.
  public let number: Int32
  private let identity: ck_identity

  /// Looks at an open descriptor; nil when it is not open.
  public init?(of number: Int32) {
    var identity = ck_identity()
    // SAFETY: the call fills in the one value that it is given.
    guard unsafe ck_identify(number, &identity) == 0 else { return nil }
    self.number = number
    self.identity = identity
  }

  /// Does the number still stand for that file? Files of one anonymous kind (epoll, eventfd,
  /// io_uring) are not told from each other. Any thread.
  public var isIntact: Bool { ck_is_still(number, identity) == 1 }
}
