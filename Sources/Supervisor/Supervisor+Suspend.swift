// Suspend and resume: listeners off and on, while connections are served on. What is off stays off
// through crashes and reloads, whose new workers get no socket.

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
    case .draining, .stopping: then?(StartFailure("Portico is ending")); return
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
    guard phase == .serving, let due = suspension.dueTime, due <= now else { return }
    let isAwaited = listeners.contains {
      !$0.keepsClientsWaiting && ($0.queue?.waiting ?? 0) > 0
    }
    switch suspension.check(isAwaited: isAwaited, at: now) {
    case .leave, .comeBack: assignSockets()
    case .switchOff: switchOff()
    case .holdOff, .switchOn, nil: break
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
