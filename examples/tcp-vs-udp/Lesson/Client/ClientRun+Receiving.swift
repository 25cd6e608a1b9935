// What sockets say: connections that were made, answers, and ends.

internal import Kernel
internal import Lab

extension ClientRun {
  /// Datagrams that are taken between two looks at the clock.
  private static var mostReceives: Int { 64 }

  /// Goes on where a socket can.
  mutating func handle(_ ready: SocketPoller.Ready) {
    guard let lane = lanes[Int(ready.token)] else { return }
    if lane.state == .connecting {
      guard finishConnecting(lane) else { return }
    } else if ready.canSend {
      lane.isBlocked = false
    }
    // An error is what the next receive says, but a client that does not read yet has to ask.
    if ready.hasFailed, !ready.canReceive, let error = lane.socket.connectionError() {
      failed(lane, error)
    }
    if ending == nil { send(lane) }
    if ready.canReceive, isReading { receive(lane) }
  }

  private mutating func finishConnecting(_ lane: Lane) -> Bool {
    if let error = lane.socket.connectionError() {
      fail(error.reason)
      return false
    }
    lane.state = .open
    connected(at: now_us)
    return true
  }

  /// A connection is there: of many each message has its own, and one of all is what they waited
  /// for.
  mutating func connected(at now_us: Int) {
    ledger.connected(at: now_us)
    schedule.begin(at: now_us)
  }

  private mutating func receive(_ lane: Lane) {
    for _ in 0..<(lane.socket.isStream ? 1 : Self.mostReceives) {
      switch lane.socket.receive(into: &room) {
      case .received(let count):
        ledger.read()
        for line in lane.lines(of: room[..<count]) { take(line, on: lane) }
      case .empty: return
      case .ended: return ended(lane)
      case .failed(let error): return failed(lane, error)
      }
      if lanes[Int(lane.token)] == nil { return }
    }
  }

  private mutating func take(_ line: [UInt8]?, on lane: Lane) {
    let now_us = now_us
    lane.isSettled = true
    var settled: Int?
    if let line {
      let arrival = ledger.received(line: line, at: now_us)
      settled = arrival.number
      if arrival.isFirst { lastNews_us = max(lastNews_us, now_us) }
    } else {
      ledger.stranger()
    }
    if let settled {
      schedule.settle(settled, at: now_us)
      resender?.answered(settled)
    }
    guard plan.sockets == .oneAfterAnother else { return }
    // Whatever came, there will be no other answer.
    schedule.giveUp(at: now_us)
    lanes[Int(lane.token)] = nil
  }

  /// The server ended a stream. Where that was asked for, there is nothing more to come.
  private mutating func ended(_ lane: Lane) {
    let wasAskedFor = lane.state == .ending
    lane.state = .over
    if ending == nil {
      wasAskedFor ? end(.incomplete) : fail("the server ended the connection")
    }
    poller.forget(lane.socket.descriptor.rawValue)
  }

  private mutating func failed(_ lane: Lane, _ error: SystemError) {
    if lane.socket.isStream {
      lane.state = .over
      poller.forget(lane.socket.descriptor.rawValue)
      fail(error.reason)
    } else {
      refused(error)
    }
  }
}
