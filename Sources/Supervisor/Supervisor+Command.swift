// The command behind `--`: it is started when clients can be served, and Portico ends with it. It
// shares the terminal and the process group of whoever started Portico.

internal import CKernel
internal import Kernel
internal import Logging

/// A running or ended command.
final class CommandProcess {
  private var process: ChildProcess
  private var reason: ExitReason?
  private(set) var killDeadline: Moment?

  init(arguments: [String], environment: [String]) throws(SystemError) {
    process = try ChildProcess(
      path: arguments[0], arguments: arguments, environment: environment, inherited: [],
      group: .shared, searchesPath: true)
  }

  var isRunning: Bool { reason == nil }
  /// Nil once it has been waited for.
  var runningPID: Int32? { isRunning ? process.pid : nil }

  /// As a shell would report it; nil while it runs.
  var exitStatus: Int32? { reason?.shellStatus }

  /// True when it has ended since the last time.
  func reap() -> Bool {
    guard reason == nil else { return false }
    reason = process.poll()
    return reason != nil
  }

  func signal(_ signal: HostSignal) { process.signal(signal.rawValue) }

  /// It is killed then; nil lets it take its time.
  func endBy(_ deadline: Moment?) { if isRunning { killDeadline = deadline } }

  func checkDeadline(now: Moment) {
    guard isRunning, let deadline = killDeadline, deadline <= now else { return }
    killDeadline = nil
    process.kill()
  }
}

extension Supervisor {
  func startCommand() {
    var address = ["PORTICO_URI=\(listeners[0].connectableURI)"]
    if let port = listeners[0].port { address.append("PORTICO_PORT=\(port)") }
    let environment = ServiceEnvironment.withoutService(HostFacts.environment).filter {
      !$0.hasPrefix("PORTICO_URI=") && !$0.hasPrefix("PORTICO_PORT=")
    }
    do throws(SystemError) {
      command = try CommandProcess(
        arguments: options.command, environment: environment + address)
    } catch {
      failure = StartFailure("the command \(options.command[0]) cannot be run: \(error.reason)")
    }
  }

  func commandEnded() {
    logger.debug("the command has ended with status \(command?.exitStatus ?? 0): draining")
    if phase == .serving { close() }
  }
}
