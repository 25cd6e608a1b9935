// The promise: however often somebody reloads, no more than --max-generations are alive; those who
// ask for more wait, and the log says for what.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct GenerationTests {
  private func count(_ portico: Portico, _ text: String) -> Int {
    portico.log.count { $0.message.contains(text) }
  }

  @Test(arguments: ["none", "20s"])
  func `A reload past the bound waits until a generation has ended`(timeout: String) throws {
    let portico = try Portico(
      plugin: Fixture.c("stateful"), "--max-generations", "2", "--drain-timeout", timeout)
    let old = try portico.client()
    try old.send("x")
    #expect(try old.receiveText(2) == "1\n")
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    #expect(portico.workers.count == 2)
    for _ in 0..<5 {
      portico.child.send(SIGHUP)
      pause(for: .milliseconds(50))
    }
    let line = try portico.waitForLog(containing: "the reload waits: ")
    let limit =
      timeout == "none"
      ? " for as long as its clients like (--drain-timeout none)" : ", for 20s at most"
    #expect(
      line.message.contains(
        "2 generations are alive (--max-generations 2), and the next one waits for 1 worker that "
          + "drains" + limit), "\(line)")
    #expect(portico.workers.count == 2)
    // The one that drains is served on, and so are new clients.
    try old.send("x")
    #expect(try old.receiveText(2) == "2\n")
    let new = try portico.client()
    try new.send("x")
    #expect(try new.receiveText(2) == "1\n")
    new.shut()

    old.shut()
    try #require(eventually { count(portico, "reloaded: serving") == 2 })
    try #require(eventually { portico.workers.count == 1 })
    #expect(count(portico, "the reload waits") == 1, "said once")
    #expect(count(portico, "reloading: reading") == 2, "five requests are one reload")
    #expect(try portico.stop() == .status(0))
  }

  @Test func `Many generations drain side by side up to the bound`() throws {
    let portico = try Portico(
      plugin: Fixture.c("stateful"), "--max-generations", "5", "--drain-timeout", "none")
    var clients: [Client] = []
    for number in 1...4 {
      let client = try portico.client()
      try client.send("x")
      #expect(try client.receiveText(2) == "1\n")
      clients.append(client)
      portico.child.send(SIGHUP)
      try #require(eventually { count(portico, "reloaded: serving") == number })
    }
    #expect(portico.workers.count == 5)
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "waits for 4 workers that drain for as long")
    for client in clients {
      try client.send("x")
      #expect(try client.receiveText(2) == "2\n")
    }
  }

  @Test func `A renewal that has to wait says so, and follows`() throws {
    // Not INLINE: each connection uses an address up.
    let portico = try Portico(
      plugin: Fixture.c("stateful"), "--max-generations", "2", "--drain-timeout", "none",
      "--reply-budget", "1000")
    let old = try portico.client()
    try old.send("x")
    #expect(try old.receiveText(2) == "1\n")
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    for _ in 0..<1100 {
      let client = try portico.client()
      try client.send("x")
      #expect(try client.receiveText(2) == "1\n")
    }
    let line = try portico.waitForLog(containing: "has used up its reply addresses, and 2 gene")
    #expect(line.message.contains("accepting stops in a worker that has used twice as many"))
    old.shut()
    try portico.waitForLog(containing: "renewed: serving")
    #expect(count(portico, "has used up its reply addresses, and 2 gene") == 1)
  }
}
