// The promise: with --worker-memory a plugin takes no more than that, small limits suffice for what
// is shipped, and what cannot load for it says so.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct WorkerMemoryTests {
  @Test func `A plugin gets no more than its limit, and may cope with that`() throws {
    let portico = try Portico(plugin: Fixture.c("glutton"), "--worker-memory", "32MiB")
    for (mebibytes, answer) in [("8", "got\n"), ("64", "none\n"), ("8", "got\n")] {
      let client = try portico.client()
      try client.send(mebibytes)
      #expect(try client.receiveText(answer.utf8.count) == answer, "\(mebibytes) MiB")
    }
  }

  @Test func `Without the option there is no limit`() throws {
    let portico = try Portico(plugin: Fixture.c("glutton"))
    let client = try portico.client()
    try client.send("64")
    #expect(try client.receiveText(4) == "got\n")
  }

  @Test(arguments: ["thankyou", "echo", "daytime"])
  func `What is shipped serves within the least limit`(plugin: String) throws {
    let portico = try Portico(
      ["--plugin", plugin, "--worker-memory", "16MiB", "--workers", "1"])
    let clients = try (0..<200).map { _ in try portico.client() }
    for client in clients { try client.send("x") }
    for client in clients { #expect(try client.receive() != nil) }
    #expect(portico.log.allSatisfy { $0.level == "info" })
  }

  @Test func `So does a plugin on the Swift kit`() throws {
    let portico = try Portico(plugin: Fixture.kit("tally"), "--worker-memory", "16MiB")
    let client = try portico.client()
    try client.send("x\n")
    #expect(try client.receive() != nil)
  }

  @Test func `A library that is too large for it does not load, and the option is named`() throws {
    let plugin = try Fixture.c("glutton", "-DSTATIC_BYTES=(64<<20)")
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", plugin.path, "--worker-memory", "16MiB")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains(": --worker-memory 16MiB is too little for it"))
    #expect(finished.error.contains("glutton.so cannot be "), "\(finished.error)")
  }
}
