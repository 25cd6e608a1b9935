// `lesson serve` counts what its clients count, says what is wrong, and leaves nothing behind.

import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ServeTests {
  private static let program = Paths.build.appending(path: "lesson")

  /// A running `lesson serve` that is ready.
  private final class Serving {
    let child: Child
    let port: UInt16
    let report: URL

    init(_ options: String...) throws {
      port = try Client.freePort()
      let folder = try Paths.newFolder()
      report = folder.appending(path: "server.json")
      let ready = folder.appending(path: "ready").path
      // A shell opens the descriptor, and becomes the program.
      let words = [
        ServeTests.program.path, "serve", "--portico", Paths.portico.path, "--plugin",
        Paths.build.appending(path: "libseq.so").path, "--port", "\(port)", "--report",
        report.path, "--ready-fd", "7",
      ]
      child = try Child(
        URL(fileURLWithPath: "/bin/sh"),
        ["-c", "exec 7>\"$0\"; exec \"$@\"", ready] + words + options)
      let child = child
      let isReady = eventually(within: .seconds(20)) {
        (try? String(contentsOfFile: ready, encoding: .utf8)) == "ready\n" || child.exit != nil
      }
      guard isReady, child.exit == nil else { throw Failure("not ready: \(child.error.text)") }
    }

    func client(_ transport: String, _ options: String...) throws {
      let finished = try Finished(
        ServeTests.program, ["client", "\(transport)://127.0.0.1:\(port)"] + options)
      #expect(finished.exit == .status(0), "\(finished.error)")
    }

    /// TERM, and what it then wrote.
    func end() throws -> ServerReport {
      child.send(SIGTERM)
      #expect(try child.wait() == .status(0), "\(child.error.text)")
      #expect(child.error.text == "", "a good run keeps its log")
      return try JSONDecoder().decode(ServerReport.self, from: Data(contentsOf: report))
    }
  }

  /// Is anybody there on that port of loopback?
  private func isServed(_ port: UInt16) -> Bool { (try? Client(port: port)) != nil }

  @Test func `What it counted is what its clients sent`() throws {
    let serving = try Serving()
    try serving.client("tcp", "--count", "300", "--every", "1ms")
    try serving.client("udp", "--count", "200", "--every", "1ms", "--size", "100")
    let report = try serving.end()
    let (tcp, udp) = (try #require(report.counts["tcp"]), try #require(report.counts["udp"]))
    #expect(tcp.arrived == 300 && tcp.distinct == 300 && tcp.bytes == 300 * 64)
    #expect(udp.arrived == 200 && udp.calls == 200 && udp.bytes == 200 * 100)
    #expect(tcp.damaged + tcp.late + tcp.repeated + udp.damaged + udp.late + udp.repeated == 0)
    #expect((1...300).contains(tcp.calls))

    #expect(report.systemCalls == [:] && report.trace == [])
    let samples = report.samples
    #expect(samples.count > 5 && samples[0].cpu_us == 0)
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.at_us < $1.at_us })
    #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.cpu_us <= $1.cpu_us })
    #expect(samples.last!.cpu_us > 1000 && samples.allSatisfy { $0.private_B > 1 << 20 })
    #expect(samples.allSatisfy { $0.slab_B > 1 << 20 && $0.tcpSockets > 0 })
    #expect(!isServed(serving.port), "it has gone")
  }

  @Test func `Idle peers are seen in the samples`() throws {
    let serving = try Serving()
    try serving.client("tcp", "--peers", "--count", "50")
    let report = try serving.end()
    let sockets = report.samples.map(\.tcpSockets)
    // Theirs and the server's ends are in one namespace here, with a few of other tests.
    #expect(sockets.max()! - sockets[0] >= 80, "\(sockets)")
    // They stay for a second, and are looked at all the time: half as often on a busy machine.
    #expect(sockets.count { $0 - sockets[0] >= 80 } >= 8, "\(report.samples.map(\.at_us))")
  }

  @Test func `What it once asks for is there before it is measured, and not counted`() throws {
    let serving = try Serving()
    for _ in 0..<2 {
      try serving.client("udp", "--count", "200", "--burst", "100", "--every", "20ms")
      try serving.client("tcp", "--count", "100", "--connection-each")
    }
    let report = try serving.end()
    #expect(report.counts["udp"]?.arrived == 400 && report.counts["tcp"]?.arrived == 200)
    #expect(report.counts["udp"]?.calls == 400)
    let samples = report.samples
    // Without the questions before it is about twice as much.
    let growth_B = samples.last!.private_B - samples[0].private_B
    #expect(growth_B <= 80 << 10)
  }

  @Test(
    .enabled(if: Fixture.hasProgram("strace"), "SKIPPED: there is no strace in PATH"))
  func `Traced, it counts system calls by name`() throws {
    let serving = try Serving("--trace")
    try serving.client("tcp", "--count", "20", "--lockstep")
    try serving.client("udp", "--count", "20", "--lockstep")
    let report = try serving.end()
    let calls = report.systemCalls
    #expect((calls["accept4"] ?? 0) >= 1, "\(calls)")
    #expect((calls["recvfrom"] ?? 0) >= 20 && (calls["sendto"] ?? 0) >= 20, "\(calls)")
    #expect((calls["recvmmsg"] ?? 0) >= 20 && (calls["sendmmsg"] ?? 0) >= 20, "\(calls)")
    #expect((calls["epoll_wait"] ?? 0) > 0)
    #expect(report.trace.count == TraceReader.keptCount)
    #expect(report.trace.contains { $0.hasPrefix("recvfrom(") && $0.hasSuffix("= 64") })
    #expect(report.counts["tcp"]?.arrived == 20 && report.counts["udp"]?.arrived == 20)
  }

  @Test func `Killed, it leaves no portico behind`() throws {
    let serving = try Serving()
    #expect(isServed(serving.port))
    serving.child.send(SIGKILL)
    #expect(eventually { !isServed(serving.port) })
  }

  @Test func `A portico that ends by itself is told, with its log`() throws {
    let serving = try Serving()
    let host = try #require(ProcessTree.child(of: serving.child.pid, named: "portico"))
    kill(host, SIGKILL)
    #expect(try serving.child.wait() == .status(1))
    #expect(serving.child.error.text.contains("portico was killed by SIGKILL"))
  }

  private func refused(_ options: [String], _ words: String) throws {
    let finished = try Finished(Self.program, ["serve"] + options)
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains(words), "\(finished.error)")
  }

  @Test func `What cannot be started is told`() throws {
    let port = "\(try Client.freePort())"
    let plugin = Paths.build.appending(path: "libseq.so").path
    try refused(
      ["--portico", "/nowhere/portico", "--plugin", plugin, "--port", port],
      "/nowhere/portico cannot be started: No such file or directory")
    try refused(
      ["--portico", Paths.portico.path, "--plugin", "/nowhere/seq.so", "--port", port],
      "the plugin /nowhere/seq.so cannot be read: No such file or directory")
    try refused(
      [
        "--portico", Paths.portico.path, "--plugin", plugin, "--port", port, "--report",
        "/nowhere/report",
      ], "the report cannot be written to /nowhere/report")
    let other = try Finished(
      Self.program,
      ["serve", "--portico", Paths.portico.path, "--plugin", plugin, "--port", port, "--trace"],
      environment: ["PATH": "/nowhere"])
    #expect(
      other.exit == .status(1) && other.error.contains("apt install strace"), "\(other.error)")
  }

  @Test(arguments: [0, 1])
  func `A port that is taken is told`(listener: Int) throws {
    let other = try Portico(
      ["--plugin", "echo"], listen: [listener == 0 ? "tcp://127.0.0.1:0" : "udp://127.0.0.1:0"])
    try refused(
      [
        "--portico", Paths.portico.path, "--plugin",
        Paths.build.appending(path: "libseq.so").path, "--port", "\(other.port)",
      ], listener == 0 ? "another program serves port" : "is in use by ")
  }
}
