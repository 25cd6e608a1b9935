// What the supervisor tells a worker: which sockets to poll, to drain, to stop. When the supervisor
// has gone, a worker serves what it has and ends.

internal import CKernel
internal import Control
internal import Kernel

extension Loop where IO: ~Copyable {
  mutating func readControl() {
    while true {
      switch control.value.receive() {
      case .nothing: return
      case .ended:
        // Nobody could tell it to end later.
        io.disarmControl(control.value.descriptor.rawValue)
        core.value.log.write(.warning, "the supervisor has gone: draining")
        drain(deadline_ms: Self.orphanDrain_ms)
        // Whoever comes next may have the ports, but for those that something is to leave by.
        for (place, socket) in sockets.enumerated()
        where !io.isHolding || transports[place] != .udp {
          _ = ck_close(socket)
        }
        return
      case .packet(let packet):
        do throws(MalformedMessage) {
          obey(try SupervisorMessage(decoding: packet))
        } catch {
          core.value.log.write(.error, "\(error)")
        }
      }
    }
  }

  private mutating func obey(_ message: SupervisorMessage) {
    switch message {
    case .serve(let wanted):
      guard stage == .waiting || stage == .serving else { return }
      stage = .serving
      poll(Set(wanted.map(Int.init).filter { $0 < sockets.count }))
    case .drain(let deadline_ms):
      drain(deadline_ms: deadline_ms.map(UInt64.init))
      // A reload is done when nobody can get the old plugin any more.
      _ = control.value.send(WorkerMessage.released.encoded())
    case .stop:
      poll([])
      stage = .ended
    case .check: audit()
    }
  }

  /// Stops accepting and lets what is in flight end.
  private mutating func drain(deadline_ms: UInt64?) {
    guard stage == .waiting || stage == .serving else { return }
    poll([])
    stage = .draining(until_ms: deadline_ms.map { core.value.now_ms + $0 })
    sweep()
    // A connection without a socket would never end by itself.
    audit()
  }

  /// Lets go of connections with nothing in flight.
  mutating func sweep() {
    nextSweep_ms = core.value.now_ms + Self.sweepPeriod_ms
    for row in 0..<core.value.connections.used where isQuiet(row) {
      guard hasSocket(row) else { continue }
      finish(row)
      settle(row)
    }
  }

  /// Is nothing in flight? Only known of a handler that never replies later, or has not heard of
  /// the client, and of a client that has sent nothing for a while: its request may be on the way.
  private func isQuiet(_ row: Int) -> Bool {
    guard core.value.connections.isLive(row) else { return false }
    let connection = core.value.connections[row]
    if connection.marks.contains(.held) {
      return connection.marks.isDisjoint(with: [.finishing, .lingering])
    }
    let owesNothing = core.value.handler.isInline || !connection.marks.contains(.opened)
    return owesNothing && connection.inputCount == 0
      && connection.output.isEmpty && connection.marks.isDisjoint(with: [.finishing, .lingering])
      && core.value.now_ms - connection.lastActivity_ms >= Self.quiet_ms
  }

  /// At the deadline: the handler is told for each connection that remains, may still reply, and
  /// the connection ends in an orderly way.
  mutating func endRest() {
    stage = .ending(
      until_ms: core.value.now_ms + Self.lastBytes_ms + core.value.limits.filterHold_ms)
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      if core.value.connections[row].marks.contains(.lingering) { continue }
      guard hasSocket(row) else { continue }
      cutShort += 1
      let marks = core.value.connections[row].marks
      if marks.contains(.opened), marks.isDisjoint(with: [.finishing, .drained]) {
        core.value.connections[row].marks.insert(.drained)
        core.value.call(.drain, row)
        flushStage(row)
      }
      finish(row)
      settle(row)
    }
  }

  private static var orphanDrain_ms: UInt64 { 30_000 }
  private static var quiet_ms: UInt64 { 1000 }
  private static var sweepPeriod_ms: UInt64 { 250 }
  private static var lastBytes_ms: UInt64 { 500 }
}
