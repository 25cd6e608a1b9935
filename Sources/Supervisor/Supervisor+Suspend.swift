// Listeners off and on again, while connections are served.

internal import Logging

extension Supervisor {
  /// No new clients; those that are there are served on. Harmless when it is so already.
  func suspend() {
    guard !isSuspended else { return }
    isSuspended = true
    assignSockets()
    logger.info("suspended: no new clients until portico resume")
  }

  /// Takes clients again.
  func resume() {
    guard isSuspended else { return }
    isSuspended = false
    assignSockets()
    logger.info("resumed")
  }
}
