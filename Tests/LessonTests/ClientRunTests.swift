// The client against the real server on loopback: what each option does is seen in its report.

import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(4)))
struct ClientRunTests {
  private static let program = Paths.build.appending(path: "lesson")

  /// A client's end, and its report.
  private func run(
    _ server: String, _ options: String..., within limit: Duration = .seconds(40)
  ) throws -> (finished: Finished, report: ClientReport) {
    let file = try Paths.newFolder().appending(path: "report.json")
    let finished = try Finished(
      Self.program, ["client", server] + options + ["--report", file.path], within: limit)
    let data = try Data(contentsOf: file)
    guard !data.isEmpty else { throw Failure("no report: \(finished.error)") }
    return (finished, try JSONDecoder().decode(ClientReport.self, from: data))
  }

  private func host() throws -> Portico {
    try Portico(
      ["--plugin", "seq", "--slow-call", "none"],
      listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"])
  }

  private func server(_ host: Portico, _ transport: String) throws -> String {
    host.listeners[transport == "tcp" ? 0 : 1]
  }

  @Test(arguments: ["tcp", "udp"], [[], ["--lockstep"]])
  func `All messages are answered in order`(transport: String, options: [String]) throws {
    let host = try host()
    let file = try Paths.newFolder().appending(path: "report.json")
    let finished = try Finished(
      Self.program,
      ["client", server(host, transport), "--count", "200", "--every", "1ms"] + options
        + ["--report", file.path])
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output.hasPrefix("sent 200 of 200, answered 200, lost 0, repeated 0, late 0"))
    let report = try JSONDecoder().decode(ClientReport.self, from: Data(contentsOf: file))
    #expect(report.ending == .complete && report.order == Array(0..<200))
    #expect(report.messages.map(\.arrival) == Array(1...200))
    #expect(report.messages.allSatisfy { $0.attempts == 1 && !$0.isDamaged })
    #expect((report.connect_us != nil) == (transport == "tcp"))
    // Due by the clock in an open loop, and after the last answer in lockstep. The clock starts
    // with the connection.
    let start_us = report.connect_us ?? 0
    for (place, message) in report.messages.enumerated() {
      let due_us = start_us + place * 1000
      #expect(message.due_us == due_us || (!options.isEmpty && message.due_us > due_us))
      #expect(message.due_us <= message.sent_us! && message.sent_us! <= message.answered_us!)
    }
  }

  @Test func `Ten messages in one write are one read of a stream, and ten datagrams`() throws {
    let host = try host()
    let stream = try run(server(host, "tcp"), "--count", "10", "--burst", "10").report
    #expect(stream.ending == .complete)
    #expect(Set(stream.messages.map(\.call)).count <= 2)
    #expect(Set(stream.messages.map(\.due_us)) == [stream.connect_us])
    let datagrams = try run(server(host, "udp"), "--count", "10", "--burst", "10").report
    #expect(Set(datagrams.messages.map(\.call)) == Set(1...10))
    #expect(datagrams.reads == 10)
  }

  @Test func `A reader that does not read holds up a stream and loses datagrams`() throws {
    let host = try host()
    let options = ["--count", "20000", "--size", "1000", "--every", "0ms", "--burst", "10"]
    let late = ["--read-after", "1s", "--deadline", "30s"]
    func both(_ transport: String) throws -> ClientReport {
      let file = try Paths.newFolder().appending(path: "report.json")
      let finished = try Finished(
        Self.program,
        ["client", server(host, transport)] + options + late + ["--report", file.path],
        within: .seconds(40))
      #expect(finished.exit == .status(0), "\(finished.error)")
      return try JSONDecoder().decode(ClientReport.self, from: Data(contentsOf: file))
    }
    let stream = try both("tcp")
    #expect(stream.ending == .complete && stream.late == 0 && stream.repeated == 0)
    #expect(stream.blocked > 0 && stream.blocked_us > 0)
    #expect(try #require(stream.takenBeforeBlock) > 10_000)
    #expect(stream.delays_us.last! > 900_000)
    let datagrams = try both("udp")
    #expect(datagrams.ending == .incomplete)
    #expect(datagrams.blocked == 0)
    #expect(datagrams.sent == 20000 && datagrams.lost > 1000, "\(datagrams.lost)")
  }

  /// Answers every second datagram, as `seq` would.
  private static let forgetful = """
    import socket, sys, zlib
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    seen = set()
    while True:
        line, peer = server.recvfrom(65536)
        number = line[:8]
        if number in seen:
            answer = line[:-1] + b" 1 1 intact "
            server.sendto(answer + b"%08x\\n" % zlib.crc32(answer), peer)
        seen.add(number)
    """

  @Test func `Resending finds an answer where half of the datagrams are lost`() throws {
    let python = try Child(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", Self.forgetful])
    #expect(eventually { !python.output.lines.isEmpty })
    let port = try #require(python.output.lines.first)
    let (finished, report) = try run(
      "udp://127.0.0.1:\(port)", "--count", "50", "--every", "1ms", "--resend")
    #expect(finished.exit == .status(0))
    #expect(report.ending == .complete && report.resends)
    // A busy server's answer may come after yet another attempt, which it answers as well.
    let attempts = report.messages.map(\.attempts)
    #expect(attempts.allSatisfy { $0 >= 2 }, "\(attempts)")
    #expect(report.messages.allSatisfy { $0.answers >= 1 && $0.answers < $0.attempts })
    let again = attempts.reduce(0) { $0 + $1 - 1 }
    #expect(finished.output.contains("sent again: \(again) times"), "\(finished.output)")
    #expect(report.delays_us.first! >= 200_000)
    // Without it they are lost.
    let lost = try run(
      "udp://127.0.0.1:\(port)", "--count", "70", "--every", "1ms", "--wait", "300ms"
    ).report
    #expect(lost.ending == .incomplete && lost.lost == 20)
  }

  @Test func `In lockstep a datagram that is not answered is given up in time`() throws {
    let python = try Child(
      URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", Self.forgetful])
    #expect(eventually { !python.output.lines.isEmpty })
    let port = try #require(python.output.lines.first)
    let report = try run(
      "udp://127.0.0.1:\(port)", "--count", "4", "--lockstep", "--wait", "100ms"
    ).report
    #expect(report.ending == .incomplete && report.sent == 4 && report.lost == 4)
    #expect((400_000...15_000_000).contains(report.finished_us), "\(report.finished_us)")
    let dues = report.messages.map(\.due_us)
    #expect(zip(dues, dues.dropFirst()).allSatisfy { $1 - $0 >= 100_000 }, "\(dues)")
  }

  /// Answers each line with another one that nobody understands, and ends when its client does.
  private static let babbler = """
    import socket
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        client, _ = server.accept()
        for line in client.makefile("rb"):
            client.sendall(b"what do you mean?\\n")
        client.close()
    """

  @Test func `A stream that brings nothing more is asked for its end`() throws {
    let python = try Child(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", Self.babbler])
    #expect(eventually { !python.output.lines.isEmpty })
    let server = "tcp://127.0.0.1:\(try #require(python.output.lines.first))"
    let (finished, report) = try run(server, "--count", "5", "--wait", "300ms")
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(report.ending == .incomplete && report.strangers == 5 && report.lost == 5)
    #expect(report.finished_us < 15_000_000, "before its deadline")
    // With a connection for each, the next does not wait.
    let each = try run(server, "--count", "5", "--connection-each").report
    #expect(each.ending == .incomplete && each.strangers == 5)
    #expect(each.finished_us < 15_000_000, "before its deadline")
  }

  @Test func `A connection for each message is closed behind it`() throws {
    let host = try host()
    let report = try run(server(host, "tcp"), "--count", "100", "--connection-each").report
    #expect(report.ending == .complete && report.order == Array(0..<100))
    #expect(Set(report.messages.map(\.call)).count == 100)
    #expect(try eventually { try host.counters()["open"] == 0 })
    #expect(try host.counters()["accepted"] == 100)
  }

  @Test func `Peers are all there at once, and stay`() throws {
    let host = try host()
    let child = try Child(
      Self.program, ["client", server(host, "tcp"), "--peers", "--count", "100"])
    #expect(try eventually { try host.counters()["open"] == 100 })
    #expect(try child.wait() == .status(0))
    #expect(child.output.text.contains("answered 100"))
    let datagrams = try run(server(host, "udp"), "--peers", "--count", "100").report
    #expect(datagrams.ending == .complete && datagrams.reads == 100)
  }

  @Test(arguments: ["tcp", "udp"])
  func `Where nobody answers, it says so`(transport: String) throws {
    let (finished, report) = try run("\(transport)://127.0.0.1:\(Client.freePort())")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("is the server running"), "\(finished.error)")
    #expect(report.ending == .unconnected && report.trouble == "Connection refused")
  }

  @Test func `A connection that breaks is told with what came before`() throws {
    let host = try host()
    let file = try Paths.newFolder().appending(path: "report.json")
    let child = try Child(
      Self.program,
      [
        "client", server(host, "tcp"), "--count", "10000", "--deadline", "200s", "--report",
        file.path,
      ])
    #expect(try eventually { try host.counters()["replies", default: 0] > 5 })
    for worker in host.workers { kill(worker, SIGKILL) }
    #expect(try child.wait() == .status(1))
    #expect(child.error.text.contains("broke after"), "\(child.error.text)")
    let report = try JSONDecoder().decode(ClientReport.self, from: Data(contentsOf: file))
    #expect(report.ending == .broken && report.answered > 0 && report.answered < 10000)
  }

  @Test func `A key ends it at once, with what it has`() throws {
    let host = try host()
    let child = try Child(
      Self.program,
      ["client", server(host, "udp"), "--count", "100000", "--deadline", "1000s"])
    #expect(try eventually { try host.counters()["datagrams out", default: 0] > 5 })
    child.send(SIGINT)
    #expect(try child.wait(within: .seconds(20)) == .status(0))
    #expect(child.output.text.contains("incomplete after"), "\(child.output.text)")
  }

  @Test(arguments: [
    (["tcp://127.0.0.1:1", "--resend"], "TCP resends by itself"),
    (["tcp://127.0.0.1:1", "--unchecked"], "TCP cannot leave out its checksum"),
    (["udp://[::1]:1", "--unchecked"], "over IPv6 UDP must have a checksum"),
    (["udp://127.0.0.1:1", "--connection-each"], "UDP has no connections"),
    (["tcp://127.0.0.1:1", "--connection-each", "--peers"], "choose one"),
    (["tcp://127.0.0.1:1", "--size", "18"], "from 19 to 65000"),
    (["tcp://127.0.0.1:1", "--every", "10"], "write one like 10ms"),
    (["tcp://localhost:1"], "no numeric address"),
    (["tcp://127.0.0.1:1", "--count", "10", "--burst", "11"], "from 1 to --count, 10"),
  ])
  func `What cannot be done is refused with a sentence`(
    arguments: [String], words: String
  ) throws {
    let finished = try Finished(Self.program, ["client"] + arguments)
    #expect(finished.exit == .status(64))
    #expect(finished.error.contains(words), "\(finished.error)")
  }
}
