// What is due is sent, and what is over is ended: everything that the clock decides.

internal import Kernel
internal import Lab

extension ClientRun {
  /// Bursts that go out between two looks at what has arrived.
  private static var mostBursts: Int { 8 }

  /// Does what is due by now.
  mutating func advance() throws(SystemError) {
    let now_us = now_us
    for _ in 0..<Self.mostBursts {
      guard ending == nil, canSend, let burst = schedule.take(at: now_us) else { break }
      ledger.due(burst.numbers, at: burst.due_us)
      lastNews_us = max(lastNews_us, now_us)
      if let lane = plan.sockets == .one ? lanes[0] : open() {
        lane.add(burst.numbers)
        send(lane)
      }
    }
    resend()
    endIfOver()
  }

  /// Is there a socket for the next burst?
  private var canSend: Bool {
    guard plan.sockets == .one else { return true }
    guard let lane = lanes.first ?? nil else { return false }
    return lane.state == .open && lane.isIdle
  }

  /// A new socket, or nil with the run ended.
  @discardableResult
  mutating func open() -> Lane? {
    do throws(SystemError) {
      let server = plan.server
      let socket = try ClientSocket(
        isStream: server.isStream, host: server.host, port: server.port)
      if plan.isUnchecked { try socket.leaveOutChecksums() }
      let lane = Lane(socket, token: UInt64(lanes.count), size: plan.size)
      if !server.isStream {
        schedule.begin(at: 0)
      } else if lane.state == .open {
        connected(at: now_us)
      }
      lanes.append(lane)
      return lane
    } catch {
      fail(error.reason)
      return nil
    }
  }

  /// Sends what waits on a lane, as far as the kernel takes it.
  mutating func send(_ lane: Lane) {
    guard lane.state == .open else { return }
    var isRefusedBefore = false
    while !lane.isIdle {
      let (numbers, outcome) = lane.send()
      let now_us = now_us
      for number in numbers {
        ledger.sent(number, at: now_us)
        resender?.sent(number, at: now_us)
      }
      switch outcome {
      case .sent(let count):
        ledger.took(count, at: now_us)
        lane.isBlocked = false
        isRefusedBefore = false
        lastNews_us = max(lastNews_us, now_us)
      case .full:
        ledger.blocked(at: now_us)
        lane.isBlocked = true
        return
      case .failed(let error):
        // The answer to an earlier datagram, and none to this one: it is sent all the same.
        if lane.socket.isStream || isRefusedBefore {
          fail(error.reason)
        } else {
          isRefusedBefore = true
          refused(error)
        }
        if ending != nil { return }
      }
    }
  }

  /// Datagrams that were not answered in time.
  private mutating func resend() {
    guard ending == nil, let lane = lanes.first ?? nil, lane.isIdle, lane.state == .open else {
      return
    }
    let now_us = now_us
    while lane.isIdle, ending == nil, let number = resender?.take(at: now_us) {
      lane.add(CollectionOfOne(number))
      send(lane)
    }
  }

  /// A datagram met nobody. That ends the run if nobody was ever there, and is a loss otherwise.
  mutating func refused(_ error: SystemError) {
    if ledger.isAnyAnswered {
      ledger.trouble(error.reason)
    } else {
      end(.unconnected, error.reason)
    }
  }

  private mutating func endIfOver() {
    let now_us = now_us
    if ledger.isComplete {
      end(.complete)
    } else if now_us >= plan.deadline.whole_us {
      if plan.server.isStream, ledger.report.connect_us == nil {
        end(.unconnected, "no connection within \(plan.deadline)")
      } else {
        end(.incomplete)
      }
    } else if isQuiet(at: now_us) {
      schedule.giveUp(at: now_us)
      if schedule.isDone { endOfQuiet() }
    } else if plan.server.isStream, plan.sockets != .one, schedule.isDone,
      lanes.allSatisfy({ $0?.isSettled != false })
    {
      end(.incomplete)
    }
  }

  /// Has nothing new come for as long as one waits? Over TCP one that is about to connect, or has a
  /// message of its own under way, waits for as long as it takes.
  private func isQuiet(at now_us: Int) -> Bool { quietAt_us.map { $0 <= now_us } ?? false }

  private var quietAt_us: Int? {
    guard schedule.isDone || schedule.isWaiting else { return nil }
    if plan.server.isStream {
      guard let lane = lanes.first ?? nil, plan.sockets == .one, lane.state == .open,
        lane.isIdle
      else { return nil }
    }
    return lastNews_us + plan.wait.whole_us
  }

  /// A stream says itself when nothing more comes: its end is asked for. Datagrams do not.
  private mutating func endOfQuiet() {
    guard plan.server.isStream, let lane = lanes.first ?? nil else { return end(.incomplete) }
    lane.socket.endSending()
    lane.state = .ending
  }

  /// From now to when the clock next decides something.
  var timeToNext: Duration {
    mutating get {
      var next_us = plan.deadline.whole_us
      if !isReading { next_us = min(next_us, plan.readAfter.whole_us) }
      if canSend, let due_us = schedule.nextDue_us { next_us = min(next_us, due_us) }
      if let quietAt_us { next_us = min(next_us, quietAt_us) }
      if let lane = lanes.first ?? nil, lane.isIdle, let due_us = resender?.nextDue_us() {
        next_us = min(next_us, due_us)
      }
      return .microseconds(max(0, next_us - now_us))
    }
  }
}
