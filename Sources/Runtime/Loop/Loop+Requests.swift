// --request-timeout: the clock of a request that is not whole. It is looked at where a connection
// is looked at as a whole, after whatever may start it, stop it or end it; a request that comes
// whole never gets here. As with the other limits, the wheel's timer may be set to something
// earlier: it fires, finds nothing, and is set again.

internal import Kernel

extension Loop where IO: ~Copyable {
  /// Starts, stops or clears the clock, for a client of which bytes are held.
  @inline(never)
  mutating func updateRequestClock(_ row: Int) {
    let limit_ms = core.value.limits.requestTimeout_ms
    guard limit_ms != 0 else { return }
    // The last call returned 0, and not a byte of what it saw has been consumed since.
    guard core.value.connections[row].inputSeen != 0 else {
      core.value.connections[row].request.clear()
      return
    }
    let now_ms = core.value.now_ms
    let held = core.value.connections[row].inputCount
    if isHeldUpByHost(row) {
      core.value.connections[row].request.stop(held: held, now_ms: now_ms)
      return
    }
    core.value.connections[row].request.run(held: held, now_ms: now_ms)
    // Requests that come in two pieces, one after the other, set a timer once in a while.
    let deadline_ms = requestDeadline_ms(row)
    if !wheel.isSet(row) || wheel.deadline_ms(row) > deadline_ms { schedule(row) }
  }

  /// Is more read from the client, and would the handler be shown it? Not while it is paused or has
  /// too much to read itself; nor can it send more once it has ended.
  private func isHeldUpByHost(_ row: Int) -> Bool {
    !core.value.connections[row].marks.isDisjoint(
      with: [.paused, .blocked, .full, .retryWhenDrained, .inputEnded])
  }

  /// When a client is late with the rest of its request; `.max` for never.
  func requestDeadline_ms(_ row: Int) -> UInt64 {
    guard core.value.connections[row].request.isOn else { return .max }
    return core.value.connections[row].request.deadline_ms(
      limit_ms: core.value.limits.requestTimeout_ms, held: core.value.connections[row].inputCount)
  }
}
