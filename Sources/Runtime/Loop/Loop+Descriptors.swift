// Connections whose descriptor is not their socket any more, since the plugin has closed or
// replaced it. Where an event of a socket brings a connection here, it is that socket's; where a
// timer, a thread or another client's call does, the kernel is asked first. And now and then all
// are looked at, since an idle client's socket that was closed would never be heard of again.

internal import CKernel
internal import Control
internal import Kernel

/// How far a look at all descriptors has come.
struct DescriptorAudit: BitwiseCopyable {
  /// Connections looked at in a tick: some 100 µs.
  static let slice = 256

  private var nextRow = 0

  /// The rows to look at now, of `used` in all, and whether that is the last slice of them.
  mutating func nextSlice(of used: Int) -> (rows: Range<Int>, isLast: Bool) {
    let start = min(nextRow, used)
    let end = min(start + Self.slice, used)
    nextRow = end == used ? 0 : end
    return (start..<end, end == used)
  }
}

extension Loop where IO: ~Copyable {
  /// A number that the kernel has just given out has an owner: somebody else closed it.
  @inline(never)
  mutating func endPreviousOwner(of fd: Int32) {
    switch core.value.owners.owner(of: fd) {
    case .nobody: break
    case .worker:
      core.value.endForLost(core.value.own.kind(of: fd) ?? .file, fd)
    case .connection(let row):
      core.value.noteLost(row, "closed its socket, whose number is the next client's now")
      close(row)
    }
  }

  /// Is the descriptor still this connection's socket? If not, the connection ends here.
  @inline(never)
  mutating func hasSocket(_ row: Int) -> Bool {
    let fd = core.value.connections[row].fd
    if io.holdsSocket(fd, core.value.connections.token(row)) { return true }
    core.value.noteLost(row, "closed or replaced its socket")
    close(row)
    return false
  }

  /// In the wheel, behind the connections: the next slice of a look that has begun.
  var auditTimer: Int { core.value.connections.capacity }

  /// Looks at the worker's own descriptors, and at the connections' a slice at a time. Begun when
  /// the supervisor says so, since a timer here would give every idle wait of the loop a limit.
  @inline(never)
  mutating func audit() {
    core.value.checkOwn()
    let slice = descriptorAudit.nextSlice(of: core.value.connections.used)
    for row in slice.rows where core.value.connections.isLive(row) { _ = hasSocket(row) }
    core.value.reportLostSockets()
    if !slice.isLast { wheel.set(auditTimer, at: core.value.now_ms + 1) }
  }
}
