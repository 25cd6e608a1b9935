// What systemd is told of it all, when it wants to know (NOTIFY_SOCKET): that clients are served,
// reloads, the end, a status line, and that the loop turns. Nobody who does not listen is waited
// for, and none of it can fail the host.

internal import CKernel
internal import Kernel
internal import Logging

extension Supervisor {
  /// The first generation serves, or another one has taken over, or was given up.
  func tellServing() {
    // Another reload begins at once: it is not over for whoever waits.
    guard service.notifyAddress != nil, !wantsReload else { return }
    notices.isReady(serviceStatus, pid: HostFacts.processID)
    sendNotices()
  }

  func tellReloading() {
    guard service.notifyAddress != nil, hasAnnounced else { return }
    notices.isReloading(
      "reloading \(options.plugin)", monotonic_us: ck_monotonic_ns() / 1000)
    sendNotices()
  }

  func tellStopping(_ what: String) {
    guard service.notifyAddress != nil else { return }
    notices.isStopping(what, at: .now)
    sendNotices()
  }

  func tellFailure(_ failure: StartFailure) {
    guard service.notifyAddress != nil else { return }
    notices.isStopping("cannot start: \(failure)", at: .now)
    sendNotices()
  }

  /// Something else has changed.
  func tellStatus() {
    guard service.notifyAddress != nil, phase == .serving, hasAnnounced else { return }
    notices.change(serviceStatus)
    sendNotices()
  }

  /// Those that wait, and the word that the loop turns when it is time.
  func sendNotices() {
    guard let address = service.notifyAddress else { return }
    let now = Moment.now
    while let text = notices.next(at: now) {
      switch Notice.send(text, to: address) {
      case .sent: notices.wasSent()
      case .full: notices.wasRefused(at: now)
      case .failed(let error):
        notices.wasSent()
        if noticeTrouble != error {
          logger.warning("systemd cannot be told how things are: NOTIFY_SOCKET \(address): \(error)")
        }
        noticeTrouble = error
      }
    }
  }

  private var serviceStatus: String {
    guard let current else { return "loading \(options.plugin)" }
    let count = current.places.count
    let serving = "serving \(current.title) with \(count == 1 ? "1 worker" : "\(count) workers")"
    let parts = [
      reloadTrouble.map { "reload failed: \($0)" },
      isSuspended ? "suspended: no new clients" : nil,
      serving,
    ]
    return parts.compactMap(\.self).joined(separator: "; ")
  }
}
