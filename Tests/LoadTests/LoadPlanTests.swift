// Promise: what cannot be measured is refused with a sentence that says what to write instead, and
// a transcript is played as it is written or refused at its line.

import Kernel
import Testing
import Transcript

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct LoadPlanTests {
  private static let tcp = LoadTarget.tcp(Endpoint(address: "127.0.0.1", port: 1)!)
  private static let udp = LoadTarget.udp(Endpoint(address: "127.0.0.1", port: 1)!)

  private func refusal(
    _ target: LoadTarget, _ exchange: Exchange, _ change: (inout LoadPlan) -> Void = { _ in }
  ) -> String? {
    var plan = LoadPlan(target: target, uri: "", exchanges: [exchange])
    change(&plan)
    do throws(LoadFailure) {
      try plan.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `A kept stream needs to be told where a reply ends`() {
    let open = Exchange(request: [1], reply: .anything)
    #expect(refusal(Self.tcp, open)?.contains("--expect-size") == true)
    #expect(refusal(Self.tcp, Exchange(request: [1], reply: .bytes([]))) != nil)
    #expect(refusal(Self.tcp, open) { $0.closes = true } == nil)
    #expect(refusal(Self.udp, open) == nil)
    #expect(refusal(Self.tcp, Exchange(request: [1], reply: .size(1))) == nil)
  }

  @Test func `What makes no sense together is refused`() {
    let one = Exchange(request: [1], reply: .size(1))
    #expect(refusal(Self.udp, one) { $0.closes = true }?.contains("--close") == true)
    #expect(
      refusal(Self.tcp, one) { ($0.closes, $0.pipeline) = (true, 2) }?.contains("--pipeline")
        == true)
    #expect(refusal(Self.tcp, one) { $0.threads = 65 }?.contains("--connections") == true)
    #expect(refusal(Self.tcp, Exchange(request: [], reply: .size(1))) != nil)
    #expect(
      refusal(Self.udp, Exchange(request: Array(repeating: 0, count: 65508), reply: .anything))
        != nil)
    #expect(
      refusal(Self.tcp, Exchange(request: Array(repeating: 0, count: 1 << 20), reply: .size(1))) {
        $0.pipeline = 65536
      }?.contains("memory") == true)
  }

  private func exchanges(
    _ text: String, _ target: LoadTarget = tcp, closes: Bool = false
  ) throws(TranscriptError) -> [Exchange] {
    try Exchange.all(
      of: Transcript(parsing: Array(text.utf8)), over: target, closes: closes)
  }

  @Test func `Lines of the client and of the server become requests and replies`() throws {
    #expect(
      try exchanges("> a\n> b\n< c\n< d\n> e\n< f\n") == [
        Exchange(request: Array("ab".utf8), reply: .bytes(Array("cd".utf8))),
        Exchange(request: Array("e".utf8), reply: .bytes(Array("f".utf8))),
      ])
    #expect(
      try exchanges("> a\n< b\n<EOF\n", closes: true) == [
        Exchange(request: [0x61], reply: .bytes([0x62]))
      ])
    #expect(
      try exchanges(">empty\n<empty\n", Self.udp) == [Exchange(request: [], reply: .bytes([]))])
  }

  @Test(arguments: [
    ("< hello\n", 1, "speaks first"), ("> a\n< \\?\n", 2, "byte for byte"),
    ("> a\n~ 1s\n< b\n", 2, "pauses"), ("> a\n>EOF\n< b\n", 2, "does not end its side"),
    ("> a\n< b\n<EOF\n", 3, "--close"), ("> a\n< b\n> c\n", 3, "no answer"),
    ("> a\n< b\nx> c\nx< d\n", 3, "one connection"),
  ])
  func `What a load cannot play is refused at its line`(
    text: String, line: Int, words: String
  ) throws {
    let error = #expect(throws: TranscriptError.self) { try exchanges(text) }
    #expect(error?.line == line)
    #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
  }

  @Test func `With --close a transcript has one request, over UDP one datagram for each`() throws {
    #expect(throws: TranscriptError.self) {
      try exchanges("> a\n< b\n> c\n< d\n", closes: true)
    }
    #expect(throws: TranscriptError.self) { try exchanges("> a\n> b\n< c\n", Self.udp) }
    #expect(throws: TranscriptError.self) { try exchanges("> a\n< b\n< c\n", Self.udp) }
  }
}
