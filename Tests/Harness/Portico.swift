// The real host on loopback: started from the build folder, its log read as it comes.

package import Foundation

/// A running `portico`.
package final class Portico: Sendable {
  package let child: Child
  /// Where it listens, as it says itself: one URI for each listener, with real ports.
  package let listeners: [String]
  /// Where commands find it.
  package let runFolder: URL
  private let transport: Transport

  /// Starts it (or another `command` that serves) and waits until it listens: `over` one transport,
  /// or where `listen` says. `under` is a command that becomes it, such as `prlimit --nofile=100`.
  package init(
    _ arguments: [String] = [], command: String = "run", over transport: Transport = .tcp4,
    listen: [String]? = nil, under wrapper: [String] = [], environment: [String: String] = [:],
    workingDirectory: URL? = nil, errorOutput: Child.ErrorOutput = .captured,
    passing passed: Int32? = nil
  ) throws {
    let asked = try listen ?? [transport.newListener()]
    // PORTICO_BACKEND=uring plays every test that starts a host on that backend.
    let backend = ProcessInfo.processInfo.environment["PORTICO_BACKEND"].map { ["--backend", $0] }
    let isSaid = command != "run" || arguments.contains("--backend")
    let options =
      asked.flatMap { ["--listen", $0] } + (isSaid ? [] : backend ?? []) + arguments
    let program = wrapper.isEmpty ? Paths.portico : URL(fileURLWithPath: "/usr/bin/env")
    let words = wrapper.isEmpty ? [] : wrapper + [Paths.portico.path]
    var environment = environment
    if let folder = environment["PORTICO_RUN_DIR"] {
      runFolder = URL(fileURLWithPath: folder)
    } else {
      runFolder = try Paths.newFolder()
      environment["PORTICO_RUN_DIR"] = runFolder.path
    }
    let child = try Child(
      program, words + [command] + options, environment: environment,
      workingDirectory: workingDirectory, errorOutput: errorOutput, passing: passed)
    self.child = child
    self.transport = transport
    // The log says it, but may be silenced or stuck. (A UDP socket that is bound says nothing of
    // whether anybody serves it yet; only the log does.)
    let isSilent =
      errorOutput == .stuck
      || zip(arguments, arguments.dropFirst()).contains { pair in
        pair.0 == "--log-level" && ["warning", "error"].contains(pair.1)
      }
    var found: [String] = []
    _ = eventually(within: .seconds(20)) {
      found = Portico.listeners(in: child.error)
      if found.isEmpty, isSilent, asked.count == 1 {
        found = ProcessView(child.pid).listener(like: asked[0]).map { [$0] } ?? []
      }
      return found.count >= asked.count || child.exit != nil
    }
    guard found.count >= asked.count else {
      let state = child.exit.map { "\($0)" } ?? "still running"
      throw Failure(
        "portico \(options.joined(separator: " ")) does not listen (\(state)); its log:\n"
          + child.error.text)
    }
    listeners = found
  }

  deinit {
    // A worker that spins would outlive its supervisor.
    let orphans = workers
    child.killNow()
    for orphan in orphans { kill(orphan, SIGKILL) }
  }

  /// Starts it with a plugin.
  package convenience init(
    plugin: URL, _ arguments: String..., over transport: Transport = .tcp4
  ) throws {
    try self.init(["--plugin", plugin.path] + arguments, over: transport)
  }

  /// Runs it to its end, for commands and failing starts.
  package static func run(
    _ arguments: String..., environment: [String: String] = [:], workingDirectory: URL? = nil,
    within limit: Duration = .seconds(20)
  ) throws -> Finished {
    try Finished(
      Paths.portico, arguments, environment: environment, workingDirectory: workingDirectory,
      within: limit)
  }

  /// Runs a command that controls this host, to its end.
  package func control(
    _ arguments: String..., within limit: Duration = .seconds(20)
  ) throws -> Finished {
    try Finished(
      Paths.portico, arguments, environment: ["PORTICO_RUN_DIR": runFolder.path], within: limit)
  }

  /// The path of its control socket.
  package var controlSocket: SocketAddress {
    .unix(path: runFolder.appending(path: "control-\(child.pid).sock").path)
  }

  /// Where clients reach one of its listeners, the first unless said otherwise.
  package func address(_ listener: Int = 0) throws -> SocketAddress {
    guard let address = SocketAddress(uri: listeners[listener]) else {
      throw Failure("not a listener's URI: \(listeners[listener])")
    }
    return address.reachable(over: transport)
  }

  /// The port of the first listener; 0 for a Unix socket.
  package var port: UInt16 { SocketAddress(uri: listeners[0])?.port ?? 0 }

  /// A client of the first listener.
  package func client(source: String? = nil, receiveBuffer: Int32? = nil) throws -> Client {
    try Client(address(), source: source, receiveBuffer: receiveBuffer)
  }

  /// A client of the first listener, for datagrams.
  package func datagramClient(source: SocketAddress? = nil) throws -> DatagramClient {
    try DatagramClient(address(), source: source)
  }

  /// Sends a text, receives to the end.
  package func ask(_ text: String, halfClose: Bool = false) throws -> Client.Answer {
    let client = try client()
    try client.send(text)
    if halfClose { try client.shutdownSend() }
    return try client.receiveToEnd()
  }

  package var warnings: [LogLine] { log.filter { $0.level == "warning" } }

  /// Its log, without what it says to whoever starts it as root, as these tests may do.
  package var log: [LogLine] { wholeLog.filter { !$0.message.contains("the plugin runs as root") } }

  package var wholeLog: [LogLine] { child.error.lines.compactMap(LogLine.init) }

  /// The first line of the log that `matches`; throws with the log when none comes.
  @discardableResult
  package func waitForLog(
    within limit: Duration = .seconds(10), where matches: (LogLine) -> Bool
  ) throws -> LogLine {
    var found: LogLine?
    _ = eventually(within: limit) {
      found = log.first(where: matches)
      return found != nil
    }
    guard let found else {
      throw Failure("no such line in the log within \(limit):\n\(child.error.text.suffix(4000))")
    }
    return found
  }

  @discardableResult
  package func waitForLog(
    containing text: String, within limit: Duration = .seconds(10)
  ) throws -> LogLine {
    do {
      return try waitForLog(within: limit) { $0.raw.contains(text) }
    } catch let failure as Failure {
      throw Failure("\(text.debugDescription): \(failure)")
    }
  }

  /// TERM, then waits for the end.
  @discardableResult
  package func stop(within limit: Duration = .seconds(15)) throws -> Exit {
    child.send(SIGTERM)
    return try child.wait(within: limit)
  }

  /// The pids of its workers that are alive.
  package var workers: [pid_t] {
    ProcessView(child.pid).children
  }

  private static func listeners(in log: TextBuffer) -> [String] {
    log.lines.compactMap { line in
      line.firstMatch(of: /listening on ((?:tcp|udp|unix):[^\s",]+)/).map { String($0.1) }
    }
  }
}
