// Promise: whatever a client of the control socket sends, it gets one answer or is let go in time,
// and only a request that is one is obeyed.

import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct ControlExchangeTests {
  private static let requests: [ControlRequest] = [
    .status(.text), .status(.json), .summary, .reload, .drain, .stop, .suspend, .resume,
  ]

  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private func text(_ exchange: ControlExchange) -> String {
    String(decoding: exchange.unsent, as: UTF8.self)
  }

  @Test(arguments: requests)
  func `A request is read as it was written, in one piece or byte by byte`(
    request: ControlRequest
  ) throws {
    let now = Moment.now
    #expect(try ControlRequest(parsing: request.words.utf8) == request)
    var whole = ControlExchange(now: now)
    #expect(whole.received(bytes(request.words + "\n"), now: now) == .request(request))
    var slow = ControlExchange(now: now)
    for byte in bytes(request.words) {
      #expect(slow.received([byte], now: now) == .incomplete)
    }
    #expect(slow.deadline == now + ControlExchange.patience, "bytes do not buy time")
    #expect(slow.received([10], now: now) == .request(request))
    #expect(slow.deadline == nil, "it is for the host to answer")
    #expect(!slow.isFinished && !slow.isReading)
  }

  @Test func `What follows a request is no request`() {
    var exchange = ControlExchange(now: .now)
    #expect(exchange.received(bytes("suspend\nstop\n"), now: .now) == .request(.suspend))
  }

  @Test(arguments: ["", "status", "status  json", "STOP", "stop ", " stop", "stop\r", "\u{0}"])
  func `What is nearly a request is refused and named`(line: String) {
    var exchange = ControlExchange(now: .now)
    #expect(exchange.received(bytes(line + "\n"), now: .now) == .malformed)
    #expect(text(exchange).hasPrefix("failed there is no request '"))
    #expect(text(exchange).filter { $0 == "\n" }.count == 1)
  }

  @Test func `A line that does not end is refused at 256 bytes, and no more are kept`() {
    var exchange = ControlExchange(now: .now)
    let most = ControlRequest.maximumByteCount
    #expect(exchange.received(Array(repeating: 97, count: most - 1), now: .now) == .incomplete)
    #expect(exchange.received([97], now: .now) == .malformed)
    #expect(text(exchange) == "failed a request is one line of at most 256 bytes\n")
    var late = ControlExchange(now: .now)
    let line = Array(repeating: UInt8(97), count: most) + [10]
    #expect(late.received(line, now: .now) == .malformed)
  }

  @Test func `Notes come before the answer, and none after it`() {
    var exchange = ControlExchange(now: .now)
    _ = exchange.received(bytes("reload\n"), now: .now)
    exchange.note("wait\nfailed \u{1b}[2J", now: .now)
    exchange.answer(.ok("serving x"), payload: "more", now: .now)
    exchange.note("late", now: .now)
    exchange.answer(.failed("twice"), now: .now)
    #expect(text(exchange) == "note wait\\nfailed \\x1b[2J\nok serving x\nmore")
  }

  @Test func `Nothing grows for a client that does not read, and it is let go`() {
    let start = Moment.now
    var exchange = ControlExchange(now: start)
    _ = exchange.received(bytes("reload\n"), now: start)
    for second in 0..<10_000 {
      exchange.note("still at it", now: start + .seconds(second))
    }
    #expect(exchange.unsent.count < 100_000)
    #expect(exchange.deadline == start + ControlExchange.patience)
    exchange.sent(100, now: start + .seconds(3))
    #expect(exchange.deadline == start + .seconds(3) + ControlExchange.patience)
    exchange.sent(exchange.unsent.count, now: start + .seconds(4))
    #expect(exchange.deadline == nil && !exchange.isFinished)
  }

  @Test func `It is over when all has gone out, unless it lasts`() {
    for lasts in [false, true] {
      var exchange = ControlExchange(now: .now)
      _ = exchange.received(bytes("drain\n"), now: .now)
      exchange.answer(.ok(""), lasts: lasts, now: .now)
      #expect(!exchange.isFinished)
      exchange.sent(3, now: .now)
      #expect(exchange.unsent.isEmpty && exchange.deadline == nil)
      #expect(exchange.isFinished == !lasts && exchange.isLasting == lasts)
    }
  }

  @Test func `Random bytes in random pieces are never obeyed and never trap`() {
    var random = SeededGenerator(test: "control exchange")
    for _ in 0..<20_000 {
      var exchange = ControlExchange(now: .now)
      var line: [UInt8] = []
      while exchange.isReading {
        var piece = random.bytes(upTo: 40)
        if Bool.random(using: &random) {
          // Near to a request, so that more than the first byte is looked at.
          piece = bytes(Self.requests.randomElement(using: &random)!.words)
          if !piece.isEmpty { piece[Int.random(in: 0..<piece.count, using: &random)] ^= 1 }
          piece.append(10)
        }
        line += piece
        switch exchange.received(piece, now: .now) {
        case .incomplete: #expect(exchange.isReading && line.count < 256)
        case .request(let request):
          #expect(String(decoding: line, as: UTF8.self).hasPrefix(request.words + "\n"))
          exchange.answer(.ok(""), now: .now)
        case .malformed:
          #expect(text(exchange).hasPrefix("failed ") && text(exchange).utf8.count < 1000)
        }
      }
    }
  }

  @Test func `An answer is read as it was written`() {
    let texts = ["", "x", "a b", "line\nline", "\u{202e}\u{7}", "note ok failed"]
    for text in texts {
      for reply in [ControlReply.note(text), .ok(text), .failed(text)] {
        let line = reply.line
        #expect(line.hasSuffix("\n") && line.filter { $0 == "\n" }.count == 1)
        let read = ControlReply(parsing: String(line.dropLast()))
        switch (reply, read) {
        case (.note, .note(let shown)?), (.ok, .ok(let shown)?), (.failed, .failed(let shown)?):
          #expect(shown == text.escapedForTerminal)
        default: Issue.record("\(reply) became \(String(describing: read))")
        }
      }
    }
    #expect(ControlReply(parsing: "") == nil && ControlReply(parsing: "okay") == nil)
    let long = ControlReply.note(String(repeating: "é", count: 100_000)).line
    #expect(long.utf8.count < 9000)
  }
}
