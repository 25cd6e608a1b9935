// A host that is about to lose a worker, and the crash file that it leaves.

package import Foundation

/// A host whose run folder is its own, for tests of what a death leaves behind.
package struct Victim: Sendable {
  package let portico: Portico

  /// Starts it with a plugin and one worker.
  package init(_ plugin: URL, _ arguments: [String] = [], over transport: Transport = .tcp4) throws
  {
    portico = try Portico(
      ["--plugin", plugin.path, "--workers", "1"] + arguments, over: transport)
  }

  /// A client that sends these pieces, all but the last once the one before has been echoed, and
  /// then sees its connection end.
  package func play(_ pieces: [String]) throws {
    let client = try portico.client()
    for (index, piece) in pieces.enumerated() {
      try client.send(piece)
      if index < pieces.count - 1 { _ = try client.receiveText(piece.utf8.count) }
    }
    _ = try client.receiveToEnd()
  }

  /// The line of the log on the worker's death, and the path of the crash file that it names.
  package func death() throws -> (line: LogLine, file: String) {
    let line = try portico.waitForLog { $0.level == "error" && $0.fields["crash"] != nil }
    guard let file = line.fields["crash"] else { throw Failure("no crash file: \(line)") }
    return (line, file)
  }

  /// Plays a crash file again.
  package static func replay(_ file: String, _ arguments: String...) throws -> Finished {
    try Finished(Paths.portico, ["replay", file] + arguments, within: .seconds(60))
  }
}
