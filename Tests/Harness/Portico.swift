// The real host on loopback: started from the build folder, its log read as it comes.

package import Foundation

/// A running `portico`.
package final class Portico: Sendable {
  package let child: Child
  /// The port of the first listener.
  package let port: UInt16

  /// Starts it and waits until it listens.
  package init(
    _ arguments: [String] = [], listen: [String] = ["tcp://127.0.0.1:0"],
    environment: [String: String] = [:], workingDirectory: URL? = nil,
    errorOutput: Child.ErrorOutput = .captured
  ) throws {
    let options = listen.flatMap { ["--listen", $0] } + arguments
    let child = try Child(
      Paths.portico, ["run"] + options, environment: environment,
      workingDirectory: workingDirectory, errorOutput: errorOutput)
    self.child = child
    // The log says it too, but may be silenced or stuck.
    var first: UInt16?
    _ = eventually(within: .seconds(20)) {
      first = Portico.ports(in: child.error).first ?? ProcessView(child.pid).listeningPort
      return first != nil || child.exit != nil
    }
    guard let first else {
      let state = child.exit.map { "\($0)" } ?? "still running"
      throw Failure(
        "portico \(options.joined(separator: " ")) does not listen (\(state)); its log:\n"
          + child.error.text)
    }
    port = first
  }

  deinit {
    // A worker that spins would outlive its supervisor.
    let orphans = workers
    child.killNow()
    for orphan in orphans { kill(orphan, SIGKILL) }
  }

  /// Starts it with a plugin.
  package convenience init(plugin: URL, _ arguments: String...) throws {
    try self.init(["--plugin", plugin.path] + arguments)
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

  package func client(source: String? = nil, receiveBuffer: Int32? = nil) throws -> Client {
    try Client(port: port, source: source, receiveBuffer: receiveBuffer)
  }

  /// Sends a text, receives to the end.
  package func ask(_ text: String, halfClose: Bool = false) throws -> Client.Answer {
    let client = try client()
    try client.send(text)
    if halfClose { try client.shutdownSend() }
    return try client.receiveToEnd()
  }

  package var log: [LogLine] { child.error.lines.compactMap(LogLine.init) }

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
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return pids.compactMap(pid_t.init).filter { pid in
      guard let stat = try? ProcessView.text(of: "/proc/\(pid)/stat"),
        let close = stat.lastIndex(of: ")")
      else { return false }
      // Behind the name, which may hold anything: state, parent.
      let fields = stat[close...].split(separator: " ")
      return fields.count > 2 && fields[1] != "Z" && fields[2] == "\(child.pid)"
    }.sorted()
  }

  /// Every port that it said it listens on.
  package var ports: [UInt16] { Portico.ports(in: child.error) }

  private static func ports(in log: TextBuffer) -> [UInt16] {
    log.lines.compactMap { line in
      guard let match = line.firstMatch(of: /listening on tcp:\/\/\S*:(\d+)/) else { return nil }
      return UInt16(match.1)
    }
  }
}
