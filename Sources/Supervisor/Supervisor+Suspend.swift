// Listeners off and on again, while connections are served.

internal import Logging

extension Supervisor {
  /// No new clients; those that are there are served on. `then` is called once, with why that is
  /// not so. Harmless when it was asked for already.
  func suspend(then: ((StartFailure?) -> Void)? = nil) {
    if !isSuspended {
      isSuspended = true
      assignSockets()
      logger.info("suspended: no new clients until portico resume")
    }
    then?(nil)
  }

  /// Takes clients again, or says why not.
  @discardableResult
  func resume() -> StartFailure? {
    guard isSuspended else { return nil }
    isSuspended = false
    assignSockets()
    logger.info("resumed")
    return nil
  }
}
