// The pipe that this process's stdout is, seen from its other end. A worker looks at what its own
// plugin prints, which the supervisor reads, and takes bytes out of it when nobody else does.

internal import CKernel
internal import Glibc

/// Names the reading end of the pipe behind stdout.
public struct OwnOutput: Sendable {
  private let fd: Int32
  private let identity: DescriptorIdentity

  /// Opens it; nil when stdout is no pipe. To be called before this process changes its user, who
  /// may not read what another user's pipe holds.
  public static func open() throws(SystemError) -> OwnOutput? {
    let result = ck_open_other_end(1)
    if result == -ESPIPE { return nil }
    let fd = try SystemError.check("open", result)
    return DescriptorIdentity(of: fd).map { OwnOutput(fd: fd, identity: $0) }
  }

  /// Runs `body` on a thread of its own, and closes this end for every other one: what the plugin
  /// does to descriptors does not reach it.
  public func onThread(_ body: @escaping @Sendable (OwnOutput) -> Void) throws(SystemError) {
    try BackgroundThread.start(keeping: fd) { body(self) }
  }

  /// Waits until something has been printed and not been read. False when nothing ever will be, or
  /// when the number is another file's: before Linux 5.9 the plugin can reach it.
  public func waitForBytes() -> Bool { ck_await_bytes(fd) == 1 && identity.isIntact }

  /// Does nothing for so long.
  public func pause(milliseconds: Int32) { ck_pause(milliseconds) }

  /// What the pipe may hold.
  public var capacity: Int { max(0, Int(ck_pipe_capacity(fd))) }

  /// What is in it.
  public var byteCount: Int { max(0, Int(ck_readable_count(fd))) }

  /// Whoever prints has to wait. (Where pages of the pipe hold little each, `byteCount` is small.)
  public var isFull: Bool { ck_is_full(1) == 1 }

  /// Takes up to `byteCount` bytes out, the oldest, through `scratch`; how many lines ended there.
  public func discard(_ byteCount: Int, through scratch: borrowing Mapping) -> Int {
    var (left, lineCount) = (byteCount, 0)
    while left > 0 {
      // SAFETY: read writes at most the count that it is given, which lies inside the mapping.
      let count = unsafe ck_read(fd, scratch.bytes.baseAddress, min(left, scratch.bytes.count))
      guard count > 0 else { break }
      for place in 0..<count where unsafe scratch.bytes[place] == UInt8(ascii: "\n") {
        lineCount += 1
      }
      left -= count
    }
    return lineCount
  }
}
