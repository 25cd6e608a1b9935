// From a listener to a connection: limits first, then a row, a reply, and at once the first
// receive. Running out of anything stops accepting for a while, says so once, and resumes; the
// clients wait in the kernel's queue meanwhile.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension Loop where IO: ~Copyable {
  /// How long accepting rests after the process ran out of descriptors or rows.
  private static var rest_ms: UInt64 { 100 }

  mutating func accepted(_ completion: Completion) {
    guard completion.result >= 0 else {
      acceptFailed(Int32(-completion.result))
      return
    }
    let fd = Int32(completion.result)
    guard !core.value.connections.isFull else {
      // A cancelled accept may still deliver: this client alone is turned away.
      io.turnAway(fd, resetting: false)
      return
    }
    let row = core.value.connections.insert(fd: fd, id: core.value.nextConnection)
    core.value.nextConnection += 1
    guard let slot = core.value.replies.issue(row: row) else {
      core.value.connections.remove(row)
      io.turnAway(fd, resetting: false)
      restAccepting("libffi has no memory for more replies")
      return
    }
    core.value.connections[row].slot = slot
    core.value.connections[row].listener = core.value.configuration.sockets[completion.token.index]
    core.value.connections[row].peer = completion.peer
    core.value.connections[row].lastActivity_ms = core.value.now_ms
    core.value.page.value.accepted &+= 1
    if core.value.connections.isFull {
      restAccepting("the limit of \(core.value.connections.capacity) connections is reached")
    }
    if core.value.limits.idleTimeout_ms != 0 { schedule(row) }
    if core.value.handler.opensAtAccept {
      greet(row)
      if !core.value.connections.isLive(row) { return }
    }
    startReading(row, core.value.handler.opensAtAccept ? .whenReady : .now)
  }

  private mutating func greet(_ row: Int) {
    core.value.call(.greet, row)
    flushStage(row)
    settle(row)
  }

  /// accept(2) lists what is the client's or the network's fault; the rest is ours.
  private mutating func acceptFailed(_ code: Int32) {
    switch code {
    case ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
      EOPNOTSUPP, ENETUNREACH, EPERM:
      break
    default:
      restAccepting(SystemError("accept4", code: code).reason)
    }
  }

  private mutating func restAccepting(_ reason: String) {
    guard acceptAgain_ms == 0, !io.leavesOut(.backOff) else { return }
    acceptAgain_ms = core.value.now_ms + Self.rest_ms
    for socket in polled { disarmAccept(socket) }
    if !hasSaidWhyAcceptingRests {
      hasSaidWhyAcceptingRests = true
      core.value.log.write(
        .warning, "accepting rests: \(reason); clients wait in the queue until there is room")
    }
  }

  mutating func resumeAccepting() {
    if core.value.connections.isFull {
      acceptAgain_ms = core.value.now_ms + Self.rest_ms
      return
    }
    acceptAgain_ms = 0
    if !io.leavesOut(.rearm) { for socket in polled { armAccept(socket) } }
    // Said once a shortage: room for a tenth of the table ends it.
    let table = core.value.connections.count * 10
    if table < core.value.connections.capacity * 9 { hasSaidWhyAcceptingRests = false }
  }

  /// Polls exactly these sockets.
  mutating func poll(_ wanted: Set<Int>) {
    for socket in polled.subtracting(wanted) where acceptAgain_ms == 0 {
      disarmAccept(socket)
    }
    let new = wanted.subtracting(polled)
    polled = wanted
    for socket in new where acceptAgain_ms == 0 { armAccept(socket) }
  }

  private mutating func disarmAccept(_ socket: Int) {
    io.disarmAccept(
      listener: sockets[socket], token: Token(purpose: .listener, index: socket))
  }

  private mutating func armAccept(_ socket: Int) {
    do throws(SystemError) {
      try io.armAccept(
        listener: sockets[socket], token: Token(purpose: .listener, index: socket),
        tellsPeer: !core.value.handler.isInline)
    } catch {
      core.value.log.write(.error, "a listener cannot be polled: \(error)")
    }
  }
}
