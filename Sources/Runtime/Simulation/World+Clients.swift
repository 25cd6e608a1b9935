// What clients do: connect, send in pieces, read in gulps, end in one of five ways. A client acts
// when its time has come and then says when it acts next; one that waits for the host is woken by
// what the host does. So the world is quiet exactly when nobody will ever act again by himself.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension World {
  mutating func planClient(_ who: Int) {
    var client = SimulatedClient()
    client.ending = SimulatedClient.Ending(
      rawValue: UInt8(random.below(SimulatedClient.Ending.allCases.count)))!
    // Most clients behave well.
    if random.once(in: 2) { client.ending = .halfClose }
    client.listener = random.below(plan.listenerCount)
    client.address = UInt8(1 + random.below(3))
    client.port = UInt16(10_000 + who)
    client.start = random.below(Pattern.starts)
    client.toSend = random.below(random.oneOf(1, 10, 200, 1000))
    if plan.handler.hasLongFrames { client.toSend = 4000 + random.below(12_000) }
    client.breakAt = random.below(client.toSend + 1)
    client.piece = random.oneOf(1, 20, 200)
    if client.toSend > 1000 { client.piece = 1000 }
    client.gulp = random.oneOf(5, 100, 1000, 20_000)
    client.next_ms = now_ms + UInt64(random.below(random.oneOf(1, 30, 300)))
    clients[who] = client
  }

  /// Everybody whose time has come acts, once.
  mutating func actClients() {
    for who in 0..<plan.clientCount where clients[who].next_ms <= now_ms {
      clients[who].next_ms = .max
      act(who)
    }
  }

  /// Something has happened that a client waits for.
  mutating func wakeClient(_ who: Int) {
    guard clients[who].next_ms == .max, !clients[who].isGone, !clients[who].hasVanished else {
      return
    }
    actAgain(who)
  }

  private mutating func actAgain(_ who: Int) {
    clients[who].next_ms = now_ms + UInt64(random.below(plan.gap_ms + 1))
  }

  private mutating func act(_ who: Int) {
    lulls = 0
    steps += 1
    switch clients[who].stage {
    case .planned:
      trace("connects to listener \(clients[who].listener)", who)
      clients[who].stage = .queued
      clients[who].order = nextOrder
      nextOrder += 1
      actAgain(who)
    case .queued, .open, .closed:
      if clients[who].wasReset {
        goAway(who)
        return
      }
      let hasSent = random.once(in: 2) ? send(who) : false
      if read(who) || hasSent || send(who) || end(who) { actAgain(who) }
    }
  }

  /// Sends a piece, if there is one and room for it.
  private mutating func send(_ who: Int) -> Bool {
    guard !clients[who].hasEnded else { return false }
    let rest = min(clients[who].toSend - clients[who].sent, receiveRoom(who))
    guard rest > 0 else { return false }
    if clients[who].stage == .closed {
      trace("sends to a socket that is closed", who)
      resetByHost(who)
      return true
    }
    let count = 1 + random.below(min(rest, clients[who].piece))
    clients[who].sent += count
    trace("sent \(count), \(clients[who].sent) of \(clients[who].toSend)", who)
    return true
  }

  /// Reads a gulp, if there is one; now and then it stops for a while.
  private mutating func read(_ who: Int) -> Bool {
    let waiting = clients[who].sentOut - clients[who].delivered
    guard waiting > 0 else { return false }
    guard now_ms >= clients[who].readsFrom_ms else {
      clients[who].next_ms = clients[who].readsFrom_ms
      return false
    }
    if random.once(in: 30) {
      coverage.count(.clientStoppedReading)
      clients[who].readsFrom_ms = now_ms + UInt64(random.below(1000))
      return true
    }
    let count = 1 + random.below(min(waiting, clients[who].gulp))
    clients[who].delivered += count
    trace("read \(count)", who)
    return true
  }

  /// Ends, when everything has been said. True when there is more to do.
  private mutating func end(_ who: Int) -> Bool {
    let client = clients[who]
    guard client.next_ms == .max else { return false }
    let hostHasEnded = client.isOutputEnded || client.stage == .closed
    if hostHasEnded, client.delivered == client.sentOut {
      // It has read to the end. Most close now.
      if client.ending == .vanish, random.once(in: 2) {
        vanish(who)
      } else if client.stage == .open, !client.hasEnded, random.once(in: 30) {
        // This one never does.
      } else {
        goAway(who)
      }
      return false
    }
    return breakOff(who)
  }

  /// Ends as it meant to, once it has sent as much as it meant to send before that.
  private mutating func breakOff(_ who: Int) -> Bool {
    let client = clients[who]
    guard client.sent >= client.breakAt else { return false }
    switch client.ending {
    case .halfClose:
      guard !client.hasEnded, client.sent == client.toSend else { return false }
      coverage.count(.clientHalfClosed)
      trace("ends its sending side", who)
      clients[who].hasEnded = true
      return true
    case .close:
      coverage.count(.clientClosed)
      goAway(who)
    case .reset:
      coverage.count(.clientReset)
      trace("resets", who)
      clients[who].error = ECONNRESET
      clients[who].isGone = true
      clients[who].hasEnded = true
    case .vanish: vanish(who)
    case .stay: break
    }
    return false
  }

  private mutating func vanish(_ who: Int) {
    coverage.count(.clientVanished)
    trace("vanishes", who)
    clients[who].hasVanished = true
  }

  /// Closes its socket.
  private mutating func goAway(_ who: Int) {
    trace("closes its socket", who)
    // What lies there unread makes it a reset.
    let isUnread = clients[who].delivered < clients[who].sentOut
    if isUnread, clients[who].stage != .closed { clients[who].error = ECONNRESET }
    clients[who].hasEnded = true
    clients[who].isGone = true
  }

  /// Will nobody do anything any more?
  var isDeserted: Bool {
    for who in 0..<plan.clientCount where clients[who].next_ms != .max { return false }
    return true
  }
}
