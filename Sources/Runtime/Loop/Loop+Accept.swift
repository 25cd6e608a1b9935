// From a listener to a connection: a row, a place within the limits, a reply, and at once the first
// receive. Running out of anything stops accepting for a while, says so once, and resumes; the
// clients wait in the kernel's queue meanwhile.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension Loop where IO: ~Copyable {
  /// How long accepting rests after the process ran out of descriptors or rows.
  private static var rest_ms: UInt64 { 100 }
  /// A shortage that comes back within that time is the same one.
  private static var restIsKnown_ms: UInt64 { 10_000 }

  mutating func accepted(_ completion: Completion) {
    guard completion.result >= 0 else {
      acceptFailed(Int32(-completion.result), completion.token.index)
      return
    }
    let fd = Int32(completion.result)
    if core.value.owners.hasOwner(fd) { endPreviousOwner(of: fd) }
    guard !core.value.connections.isFull else {
      // A cancelled accept may still deliver: this client alone is turned away.
      let text = tableText
      core.value.hit(.connections) { _ in "turned away: this worker's \(text)" }
      io.turnAway(fd, resetting: true)
      return
    }
    let socket = completion.token.index
    let row = core.value.connections.insert(fd: fd, id: core.value.nextConnection)
    core.value.nextConnection += 1
    core.value.owners.give(fd, toRow: row)
    core.value.connections[row].listener = core.value.configuration.sockets[socket]
    core.value.connections[row].peer =
      transports[socket] == .unix ? .unix : io.peer
    core.value.connections[row].lastActivity_ms = core.value.now_ms
    core.value.page.value.accepted &+= 1
    if core.value.connections.isFull {
      restAccepting(for: .connections, "this worker's \(tableText)")
    }
    if limitsClients, !admit(row) { return }
    start(row)
  }

  /// A client that has its place is served from here on.
  mutating func start(_ row: Int) {
    guard let slot = core.value.replies.issue(row: row) else {
      close(row, resetting: true)
      restAccepting(for: .resources, "libffi has no memory for more replies")
      return
    }
    if core.value.isOverspent { restAccepting(for: .resources, "its reply addresses are used up") }
    core.value.connections[row].slot = slot
    core.value.connections[row].lastActivity_ms = core.value.now_ms
    if hasClientTimeouts, !fresh.push(core.value.connections.token(row)) { schedule(row) }
    if core.value.handler.opensAtAccept { greet(row) } else { startReading(row, .now) }
  }

  private mutating func greet(_ row: Int) {
    core.value.call(.greet, row)
    flushStage(row)
    settle(row)
    guard core.value.connections.isLive(row) else { return }
    if !core.value.connections[row].marks.contains(.reading) {
      // It is not read for now; its reset is to be seen all the same.
      io.disarmReceive(core.value.connections[row].fd, core.value.connections.token(row))
    }
  }

  private var tableText: String {
    "\(core.value.connections.capacity) connections, which its limit of descriptors allows, are in "
      + "use"
  }

  /// accept(2) lists what is the client's or the network's fault; the rest is ours.
  private mutating func acceptFailed(_ code: Int32, _ socket: Int) {
    switch code {
    case EBADF:
      // Somebody has closed it, and knows nothing of what else it stood for.
      core.value.endForLost(.listener, sockets[socket])
    case EINVAL, ENOTSOCK:
      // It was switched off while a call was running; the message that says so is on its way.
      guard polled.contains(socket) else { break }
      disarm(socket, evenDatagrams: false)
      polled.remove(socket)
    case ECONNABORTED, ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
      EOPNOTSUPP, ENETUNREACH, EPERM:
      break
    default:
      restAccepting(for: .resources, SystemError("accept4", code: code).reason)
    }
  }

  /// Says why, unless it did so a moment ago: a shortage that comes and goes is one shortage.
  mutating func restAccepting(for limit: Limit, _ reason: String) {
    guard acceptAgain_ms == 0, !io.leavesOut(.backOff) else { return }
    for socket in polled { disarm(socket, evenDatagrams: false) }
    acceptAgain_ms = core.value.now_ms + Self.rest_ms
    core.value.page.count(limit)
    let isNew = core.value.now_ms >= restIsKnownUntil_ms || limit != restReason
    restReason = limit
    restIsKnownUntil_ms = core.value.now_ms + Self.restIsKnown_ms
    if isNew {
      core.value.log.write(
        .warning,
        "accepting rests: \(reason) (\(limit.flag)); clients wait in the queue until there is "
          + "room")
    }
  }

  mutating func resumeAccepting() {
    let missing = unarmed
    unarmed = []
    for socket in missing where polled.contains(socket) && transports[socket] == .udp {
      arm(socket, evenDatagrams: true)
    }
    let isFull =
      core.value.connections.isFull || isOverConnectionLimit || core.value.isOverspent
    if isFull || core.value.heldByteCount > core.value.limits.memory.relieved {
      acceptAgain_ms = core.value.now_ms + Self.rest_ms
      return
    }
    acceptAgain_ms = unarmed.isEmpty ? 0 : core.value.now_ms + Self.rest_ms
    if !io.leavesOut(.rearm) { for socket in polled { arm(socket, evenDatagrams: false) } }
  }

  /// Polls exactly these sockets.
  mutating func poll(_ wanted: Set<Int>) {
    for socket in polled.subtracting(wanted) {
      disarm(socket, evenDatagrams: true)
    }
    let new = wanted.subtracting(polled)
    polled = wanted
    for socket in new { arm(socket, evenDatagrams: true) }
  }

  /// While accepting rests, only datagrams are armed and disarmed.
  private mutating func disarm(_ socket: Int, evenDatagrams: Bool) {
    if transports[socket] == .udp {
      guard evenDatagrams else { return }
      io.disarmDatagrams(sockets[socket], Token(purpose: .datagrams, index: socket))
    } else if !isResting || !evenDatagrams {
      io.disarmAccept(
        listener: sockets[socket], token: Token(purpose: .listener, index: socket))
    }
  }

  private mutating func arm(_ socket: Int, evenDatagrams: Bool) {
    do throws(SystemError) {
      if transports[socket] == .udp {
        guard evenDatagrams else { return }
        try io.armDatagrams(sockets[socket], Token(purpose: .datagrams, index: socket))
      } else if !isResting {
        try io.armAccept(
          listener: sockets[socket], token: Token(purpose: .listener, index: socket),
          tellsPeer: !core.value.handler.isInline || core.value.limits.connectionsPerAddress != 0)
      }
    } catch {
      unarmed.insert(socket)
      restAccepting(for: .resources, "a listener cannot be polled: \(error)")
    }
  }

  private var isResting: Bool { acceptAgain_ms != 0 }
}
