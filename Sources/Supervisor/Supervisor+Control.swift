// What clients of the control socket may have done: their requests, and when each is answered. A
// request does what a signal does, or tells; nobody is waited for.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Requests for a reload whose outcome is not known. Those who wait must leave room for others,
  /// who may want to see what it is that all wait for.
  private static let reloadClientLimit = ControlServer.clientLimit / 2
  private static let isLocked: Int32 = 11  // EWOULDBLOCK
  private static let isTaken: Int32 = 98  // EADDRINUSE

  /// The socket that commands find this host by. Only a folder that was asked for has to hold it.
  static func openControl(
    in folder: RunFolder?, _ poller: borrowing Poller, warn: (String) -> Void
  ) throws(StartFailure) -> ControlServer? {
    guard let folder else { return nil }
    do throws(SystemError) {
      return try ControlServer(folder: folder.folder, poller: poller)
    } catch {
      let name = ControlSocket.name(pid: HostFacts.processID)
      let path = folder.folder.path(of: name)
      // What is left over from a host that was killed has been removed.
      if error.code == Self.isTaken, case .socket? = try? folder.folder.occupant(of: name) {
        warn(
          "\(path) belongs to another Portico with this process number, in another container: this "
            + "host cannot be controlled; give each of them a folder of its own with --run-dir")
        return nil
      }
      let reason =
        switch error.code {
        case Self.isTaken: "\(path) exists and is not a socket: remove it"
        case Self.isLocked: "another process keeps that folder locked: end it"
        default: "\(error)"
        }
      let failure = StartFailure(
        "the control socket in \(folder.folder.path) cannot be made: \(reason)")
      if folder.isRequired { throw failure }
      warn("\(failure); commands such as portico status will not find this host")
      return nil
    }
  }

  func admitControlClients() {
    guard let control else { return }
    for _ in 0..<ControlServer.clientLimit {
      switch control.admit(poller, now: .now) {
      case .nobody: return
      case .turnedAway: continue
      // What it asks for is often there already.
      case .client(let serial): serveControlClient(serial)
      case .resting(let sentence):
        if let sentence { logger.warning("\(sentence)") }
        return
      }
    }
  }

  func serveControlClient(_ serial: UInt64) {
    guard let request = control?.receive(from: serial, poller, now: .now) else { return }
    logger.debug("a client of the control socket asks: \(request.words)")
    switch request {
    case .status(.text): answer(.ok(""), payload: status().text, to: serial)
    case .status(.json): answer(.ok(""), payload: status().json, to: serial)
    case .summary: answer(.ok(summaryForControl), to: serial)
    case .reload: reload(for: serial)
    case .drain: end(as: .terminate, request, for: serial)
    case .stop: end(as: .quit, request, for: serial)
    case .suspend where isEnding, .resume where isEnding:
      answer(.failed("Portico is ending"), to: serial)
    case .suspend: suspend(for: serial)
    case .resume: resume(for: serial)
    }
  }

  /// Tells those who wait for a reload why it takes its time.
  func noteToReloadWaiters(_ text: String) {
    for serial in reloadClients.sorted() {
      control?.note(text, to: serial, poller, now: .now)
    }
  }

  private func answer(
    _ reply: ControlReply, payload: String = "", lasts: Bool = false, to serial: UInt64
  ) {
    control?.answer(reply, payload: payload, lasts: lasts, to: serial, poller, now: .now)
  }

  private func note(_ text: String, to serial: UInt64) {
    control?.note(text, to: serial, poller, now: .now)
  }

  private var isEnding: Bool {
    switch phase {
    case .starting, .serving: false
    case .closing, .draining, .stopping: true
    }
  }

  private func reload(for serial: UInt64) {
    guard reloadClients.count < Self.reloadClientLimit else {
      return answer(.failed("too many wait for a reload already"), to: serial)
    }
    if phase == .starting {
      note("the first generation is loading; the reload follows", to: serial)
    } else if isChanging {
      note("another generation is loading; this reload follows", to: serial)
    } else if hasSaidReloadWaits {
      note(whatGenerationsWaitFor, to: serial)
    }
    reloadClients.insert(serial)
    reload { [unowned self] outcome in
      reloadClients.remove(serial)
      switch outcome {
      case .serving(let summary): answer(.ok("serving \(summary)"), to: serial)
      case .failed(let reason): answer(.failed(reason), to: serial)
      }
    }
  }

  /// As a signal would, but asking for the same twice changes nothing. The client sees the end of
  /// its connection when this host has ended.
  private func end(as signal: HostSignal, _ request: ControlRequest, for serial: UInt64) {
    switch phase {
    case .stopping: note("it is stopping already", to: serial)
    case .closing where request == .drain, .draining where request == .drain:
      note("it is draining already", to: serial)
    case .starting, .serving, .closing, .draining:
      end(because: "portico \(request.words)", as: signal, isFromTerminal: false)
    }
    answer(.ok(""), lasts: true, to: serial)
  }

  private func suspend(for serial: UInt64) {
    let wasSuspended = isSuspended
    suspend { [unowned self] failure in
      let outcome = wasSuspended ? "it is suspended already" : "suspended"
      answer(failure.map { .failed("\($0)") } ?? .ok(outcome), to: serial)
    }
  }

  private func resume(for serial: UInt64) {
    let wasSuspended = isSuspended
    let failure = resume()
    let outcome = wasSuspended ? "resumed" : "it is not suspended"
    answer(failure.map { .failed("\($0); it is tried again") } ?? .ok(outcome), to: serial)
  }

  /// `tcp://127.0.0.1:7788 echo 1.0`
  private var summaryForControl: String {
    let title = (current ?? upcoming)?.title ?? options.plugin
    return "\(listeners[0].realURI) \(title)"
  }
}
