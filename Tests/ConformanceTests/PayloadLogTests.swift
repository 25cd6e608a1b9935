// The promise: what clients send shows in the log only where someone asked for it, and nothing a
// client sends can forge a line of it or drive a terminal.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct PayloadLogTests {
  @Test(arguments: Transport.streams)
  func `The received data is logged with its peer and its size`(transport: Transport) throws {
    let portico = try Portico(over: transport)
    let client = try portico.client()
    try client.send("hello Portico")
    _ = try client.receiveToEnd()
    let line = try portico.waitForLog(containing: "The received data is: hello Portico")
    #expect(line.level == "info")
    #expect(line.source == "thankyou")
    #expect(line.fields["peer"] == client.name)
    #expect(line.fields["connection"] != nil)
    #expect(line.message.contains("(13 bytes)"))
  }

  @Test func `Text in UTF-8 is logged as text`() throws {
    let portico = try Portico()
    _ = try portico.ask("Grüße, 你好, 🚪")
    let line = try portico.waitForLog(containing: "The received data is: Grüße, 你好, 🚪")
    #expect(line.message.contains("(21 bytes)"))
  }

  @Test func `Malformed UTF-8 is replaced`() throws {
    let portico = try Portico()
    let client = try portico.client()
    try client.send([0x61, 0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80, 0x62])
    _ = try client.receiveToEnd()
    let line = try portico.waitForLog(containing: "The received data is: a")
    #expect(line.message.contains("\u{FFFD}"))
    #expect(line.message.contains("(8 bytes)"))
    #expect(String(validating: portico.child.error.bytes, as: UTF8.self) != nil)
  }

  @Test func `A client can neither forge a line of the log nor drive a terminal`() throws {
    let portico = try Portico()
    let forged = "2026-01-01T00:00:00.000Z error portico: forged"
    let controls = "\u{1B}[2J\u{9B}31m\u{7}\u{0}\u{7F}\u{85}\u{2028}\r\n\t"
    _ = try portico.ask("x\n\(forged)\r\n\(forged)\n\(controls)end")
    try portico.waitForLog(containing: "end")
    try portico.stop()
    #expect(!portico.log.contains { $0.raw.hasPrefix("2026-01-01") })
    let wild = portico.child.error.text.unicodeScalars.filter {
      $0 != "\n"
        && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value)
          || $0.value == 0x2028 || $0.value == 0x2029)
    }
    #expect(wild.isEmpty, "raw control characters in the log: \(wild.map { $0.value })")
  }

  @Test func `A text that would reorder the line around it is escaped`() throws {
    let portico = try Portico()
    _ = try portico.ask("a\u{202E}b\u{2066}c-bidi")
    try portico.waitForLog(containing: "c-bidi")
    let text = portico.child.error.text
    #expect(!text.unicodeScalars.contains("\u{202E}") && !text.unicodeScalars.contains("\u{2066}"))
  }

  @Test func `A long text is cut, and its length is given`() throws {
    let portico = try Portico()
    let client = try portico.client()
    try client.send([UInt8](repeating: 0x71, count: 20000))
    _ = try client.receiveToEnd()
    let line = try portico.waitForLog(containing: "qqqqqqqq")
    #expect(line.raw.utf8.count < 10000)
    #expect(line.message.contains("(20000 bytes)"))
  }

  @Test func `The host writes no payload of a handler unless it was asked to`() throws {
    func log(_ options: String...) throws -> [LogLine] {
      let portico = try Portico(["--plugin", "echo", "--log-level", "trace"] + options)
      let client = try portico.client()
      try client.send("open sesame")
      #expect(try client.receiveText(11) == "open sesame")
      client.shut()
      #expect(try portico.stop() == .status(0))
      return portico.log
    }
    #expect(try !log().contains { $0.raw.contains("sesame") })
    let asked = try log("--log-requests").filter { $0.raw.contains("open sesame") }
    #expect(asked.count == 1)
  }

  @Test func `Requests that are logged cannot forge a line either`() throws {
    let portico = try Portico(["--plugin", "echo", "--log-requests"])
    let client = try portico.client()
    try client.send("a\n2026-01-01T00:00:00.000Z error portico: forged\u{1B}[2J-end")
    _ = try client.receive(exactly: 10)
    try portico.waitForLog(containing: "-end")
    #expect(!portico.log.contains { $0.raw.hasPrefix("2026-01-01") })
    #expect(!portico.child.error.bytes.contains(0x1B))
  }
}
