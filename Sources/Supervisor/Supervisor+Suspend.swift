// Suspend and resume: listeners off and on, while connections are served on. What is off stays off
// through crashes and reloads, whose new workers get no socket. And the end, which begins in the
// same way: whoever has been let in is served before the workers let go of the listeners.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Listeners are off, or about to be; connections are served on.
  var isSuspended: Bool { suspension.isSuspended }

  /// Between two attempts to have a listener back.
  private static let resumeDelay = Duration.seconds(1)

  /// Switches the listeners off. `then` is called once: when clients are refused, or with why they
  /// are not. Harmless when it was asked for already.
  func suspend(then: ((StartFailure?) -> Void)? = nil) {
    switch phase {
    case .serving: break
    case .starting: then?(StartFailure("Portico is starting, and takes no clients yet")); return
    case .closing, .draining, .stopping: then?(StartFailure("Portico is ending")); return
    }
    if suspension.isOff {
      then?(nil)
      return
    }
    if let then { suspensionWaiters.append(then) }
    guard suspension.suspend(at: .now) == .holdOff else { return }
    resumesAt = nil
    do throws(StartFailure) {
      for listener in listeners { try listener.holdOff() }
      logger.info("suspending: no further clients")
      for listener in listeners where listener.losesLatecomers {
        logger.warning(
          """
          \(listener.realURI): this kernel wants a privilege (CAP_NET_ADMIN) to keep clients out \
          beforehand, so one that comes at the very moment may be reset
          """)
      }
      tellStatus()
    } catch {
      // All or none: half a service looks like a fault of the network.
      _ = suspension.resume()
      logger.error("\(error); no listener is suspended")
      switchOn()
      endSuspensionWaiters(error)
    }
  }

  /// Switches them on again. What cannot be had at once is tried until it can; the first reason.
  @discardableResult
  func resume() -> StartFailure? {
    guard suspension.resume() == .switchOn else { return nil }
    endSuspensionWaiters(StartFailure("Portico was resumed meanwhile"))
    let failure = switchOn()
    if failure == nil { logger.info("resumed: clients are taken again") }
    return failure
  }

  /// Those that nobody may poll, by their flat indices.
  var suspendedSockets: Set<UInt16> {
    var (silent, first) = (Set<UInt16>(), 0)
    for listener in listeners {
      let count = listener.descriptors.count
      if !suspension.isPolled || listener.isSuspended {
        silent.formUnion((first..<first + count).map(UInt16.init))
      }
      first += count
    }
    return silent
  }

  /// At the end nothing is switched any more.
  func giveUpSuspending() {
    resumesAt = nil
    endSuspensionWaiters(StartFailure("Portico is ending"))
  }

  func checkSuspension(now: Moment) {
    if let time = resumesAt, time <= now {
      resumesAt = nil
      if switchOn() == nil { logger.info("every listener takes clients again") }
    }
    guard servesClients, let due = suspension.dueTime, due <= now else { return }
    // Handshakes first: who is in neither was accepted, or is seen the next time.
    let own = listeners.filter { !$0.keepsClientsWaiting }
    var handshakes: Int? = 0
    for listener in own {
      handshakes = handshakes.flatMap { sum in listener.handshakes.map { sum + $0 } }
    }
    let queues = own.compactMap(\.queue)
    let waiting = queues.reduce(0) { $0 + $1.waiting }
    switch suspension.check(waiting: waiting, handshakes: handshakes, at: now) {
    case .leave, .comeBack: assignSockets()
    case .switchOff: switchOff()
    case .close:
      let left = queues.reduce(0) { $0 + ($1.unit == .clients ? $1.waiting : 0) }
      if left > 0 { logger.warning("\(left) clients that no worker has accepted are let go") }
      drain()
    case .holdOff, .switchOn, .refuse, nil: break
    }
  }

  /// The first half of the end: clients are refused. The second half follows when nobody waits.
  func closeListeners() {
    switch suspension.close(within: options.drainTimeout.duration, at: .now) {
    case .refuse:
      for listener in listeners {
        do throws(StartFailure) {
          try listener.refuseClients()
        } catch {
          logger.warning("\(error)")
        }
      }
      // They may have been told to poll nothing.
      assignSockets()
      checkSuspension(now: .now)
    case .close: drain()
    case .holdOff, .leave, .comeBack, .switchOff, .switchOn, nil: break
    }
  }

  private func switchOff() {
    for listener in listeners {
      do throws(StartFailure) {
        try listener.suspend()
      } catch {
        // Clients wait there instead of being refused.
        logger.warning("\(error)")
      }
    }
    logger.info("suspended: clients are refused, connections are served on")
    for listener in listeners where listener.keepsClientsWaiting {
      logger.info("\(listener.realURI) is also systemd's: its clients wait and are not refused")
    }
    endSuspensionWaiters(nil)
  }

  @discardableResult
  private func switchOn() -> StartFailure? {
    defer { tellStatus() }
    var failure: StartFailure?
    for listener in listeners {
      do throws(StartFailure) {
        try listener.resume(defersAccept: current?.report?.speaksFirst != true)
      } catch {
        failure = failure ?? error
        if isNewTrouble(error) { logger.error("\(error); it is tried again") }
      }
    }
    if failure == nil { resumeTrouble = nil } else { resumesAt = .now + Self.resumeDelay }
    assignSockets()
    return failure
  }

  /// One line for one trouble, however often it is met.
  private func isNewTrouble(_ error: StartFailure) -> Bool {
    defer { resumeTrouble = error }
    return resumeTrouble != error
  }

  private func endSuspensionWaiters(_ outcome: StartFailure?) {
    let waiters = suspensionWaiters
    suspensionWaiters = []
    for waiter in waiters { waiter(outcome) }
  }
}
