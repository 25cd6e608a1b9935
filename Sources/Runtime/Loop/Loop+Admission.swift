// Who may be a client: `--max-connections` and `--max-per-address`, counted over all workers of the
// host, and `--memory-limit`. A client over a limit is reset, or held: accepted, but neither read
// nor known to the handler, until somebody else has gone. Few are ever held, since accepting stops
// as well; they wait in the kernel's queue, where they cost nothing.

internal import CKernel
internal import Control
internal import Kernel

extension Loop where IO: ~Copyable {
  /// Clients that wait although they were accepted; those that do not fit are reset.
  static var heldCapacity: Int { 256 }
  private static var admitPeriod_ms: UInt64 { 20 }

  /// Is there any limit on clients that the table of connections does not keep by itself?
  var limitsClients: Bool {
    core.value.limits.connections != 0 || core.value.limits.connectionsPerAddress != 0
  }

  var isOverConnectionLimit: Bool {
    let limit = core.value.limits.connections
    return limit != 0 && core.value.tally.total >= limit
  }

  /// Counts a new client, or holds or resets it. False when it is not to be served now.
  mutating func admit(_ row: Int) -> Bool {
    guard let limit = count(row) else {
      // The next ones can wait where they are.
      if core.value.limits.connections != 0, isOverConnectionLimit, !rejects {
        restForConnections()
      }
      return true
    }
    let isHeld =
      !rejects
      && held.push(core.value.connections.token(row), since_ms: core.value.now_ms)
    let fate = isHeld ? "has to wait" : "turned away"
    if limit == .connections {
      core.value.hit(.connections, row: row) { core in
        "\(fate): \(core.limits.connections) connections are there already"
      }
      if !rejects { restForConnections() }
    } else {
      core.value.hit(.address, row: row) { core in
        "\(fate): its address has \(core.limits.connectionsPerAddress) connections already"
      }
    }
    if isHeld {
      core.value.connections[row].marks.insert(.held)
      // Its reset is to be seen; a client that is not read from is watched for just that.
      io.disarmReceive(core.value.connections[row].fd, core.value.connections.token(row))
      admitAgain_ms = core.value.now_ms + Self.admitPeriod_ms
    } else {
      close(row, resetting: true)
    }
    return false
  }

  private var rejects: Bool { core.value.limits.rejectsOverLimit }

  private mutating func restForConnections() {
    restAccepting(
      for: .connections,
      "the limit of \(core.value.limits.connections) connections is reached")
  }

  /// Counts a client in all tallies; nil, or the limit that it is over.
  private mutating func count(_ row: Int) -> Limit? {
    let limits = core.value.limits
    let peer = core.value.connections[row].peer
    let hasAddress = peer.family == 4 || peer.family == 6
    if limits.connectionsPerAddress != 0, hasAddress {
      guard core.value.tally.enter(Tally.key(of: peer), limit: limits.connectionsPerAddress) else {
        return .address
      }
      core.value.connections[row].marks.insert(.addressCounted)
    }
    if limits.connections != 0 {
      guard core.value.tally.enter(limit: limits.connections) else {
        uncount(row)
        return .connections
      }
      core.value.connections[row].marks.insert(.counted)
    }
    return nil
  }

  /// Takes a client out of the tallies that it is in.
  mutating func uncount(_ row: Int) {
    let marks = core.value.connections[row].marks
    if marks.contains(.counted) { core.value.tally.leave() }
    if marks.contains(.addressCounted) {
      core.value.tally.leave(Tally.key(of: core.value.connections[row].peer))
    }
    core.value.connections[row].marks.subtract([.counted, .addressCounted])
  }

  /// Serves those for whom there is a place by now.
  mutating func admitHeld() {
    // Workers that look at the same time could keep each other out for ever: none looks again when
    // the others do.
    let spread = (core.value.nextConnection &+ UInt64(core.value.configuration.worker) &* 7) % 13
    admitAgain_ms = core.value.now_ms + Self.admitPeriod_ms + spread
    for _ in 0..<held.count {
      guard let entry = held.pop() else { return }
      guard let row = core.value.connections.index(of: entry.token),
        core.value.connections[row].marks.contains(.held),
        core.value.connections[row].marks.isDisjoint(with: [.finishing, .lingering]),
        hasSocket(row)
      else { continue }
      if count(row) != nil {
        _ = held.push(entry.token, since_ms: entry.since_ms)
        continue
      }
      core.value.connections[row].marks.remove(.held)
      start(row)
    }
  }

  /// How long accepting may rest for want of memory before the largest holders have to go.
  private static var memoryPatience_ms: UInt64 { 1000 }

  /// Much is held for clients. Accepting rests while the limit is nearly reached; when it is, or
  /// when that rest has not helped for a while, the largest holders go until accepting can go on:
  /// clients that do not read must not keep all others out.
  mutating func relieveMemory() {
    core.value.takeInbox()
    let limit = core.value.limits.memory
    let isOut = core.value.isOutOfMemory
    core.value.isOutOfMemory = false
    if core.value.heldByteCount <= limit.relieved {
      core.value.isShortOfMemory = false
      shortSince_ms = 0
      return
    }
    if shortSince_ms == 0 { shortSince_ms = core.value.now_ms }
    if core.value.heldByteCount > limit.short {
      restAccepting(
        for: .memory, "the worker holds \(core.value.heldByteCount) bytes for its clients")
    }
    let isPatient = core.value.now_ms < shortSince_ms + Self.memoryPatience_ms
    if isPatient, !isOut, core.value.heldByteCount <= limit.full { return }
    while core.value.heldByteCount > limit.relieved, evictLargest(until: limit.relieved) {}
    shortSince_ms = 0
  }

  /// Ends those that hold most, all of about the same size in one pass: there may be thousands.
  /// False when nobody holds anything.
  private mutating func evictLargest(until enough: Int) -> Bool {
    let largest = largestHolding()
    guard largest > 0 else { return false }
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      guard core.value.heldByteCount > enough else { break }
      let holding = core.value.holding(row)
      guard holding > largest / 2, hasSocket(row) else { continue }
      core.value.hit(.memory, row: row) { core in
        "aborted: it holds \(holding) bytes, and all clients together hold "
          + "\(core.heldByteCount) of \(core.limits.memory.byteCount)"
      }
      close(row, resetting: true)
    }
    return true
  }

  private func largestHolding() -> Int {
    var largest = 0
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      largest = max(largest, core.value.holding(row))
    }
    return largest
  }
}

extension Core {
  /// Bytes that the worker holds for one client.
  func holding(_ row: Int) -> Int {
    connections[row].input.byteCount + connections[row].output.count + connections[row].inbound
  }
}
