// Promise: nothing that a client or a plugin sends can forge a log line or drive a terminal.

import Control
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct LogLineTests {
  /// 2026-11-22T15:37:09.123Z
  private let time_ns: UInt64 = 1_795_361_829_123_456_789

  private func text(_ line: LogLine, _ format: LogFormat = .text) -> String {
    String(decoding: line.formatted(as: format), as: UTF8.self)
  }

  private func record(_ bytes: [UInt8]) throws -> LogRecord {
    LogRecord(
      level: .info, isFromHandler: true, time_ns: time_ns, connection: 12,
      peer: try #require(Endpoint(address: "127.0.0.1", port: 40000)), text: bytes)
  }

  @Test("A line of a handler has time, level, source, worker, connection, peer and message")
  func handlerLine() throws {
    let line = LogLine(try record(Array("hello".utf8)), worker: 0, handler: "thankyou")
    #expect(
      text(line)
        == "2026-11-22T15:37:09.123Z info thankyou worker=0 connection=12 "
        + "peer=127.0.0.1:40000: hello\n"
    )
    #expect(
      text(line, .json)
        == #"{"time":"2026-11-22T15:37:09.123Z","level":"info","source":"thankyou","worker":0,"#
        + #""connection":12,"peer":"127.0.0.1:40000","message":"hello"}"# + "\n")
  }

  @Test("A line of the host has no attributes when it is about nobody")
  func hostLine() {
    let line = LogLine(time_ns: 0, level: .error, source: "portico", message: "x")
    #expect(text(line) == "1970-01-01T00:00:00.000Z error portico: x\n")
  }

  @Test("A record without a connection shows no peer")
  func noConnection() throws {
    var quiet = try record([])
    quiet.connection = 0
    #expect(text(LogLine(quiet, worker: 3, handler: "a")).hasSuffix(" info a worker=3: \n"))
  }

  @Test(
    "What could move a cursor, end a line or turn the text round is escaped",
    arguments: [
      ("a\nb", #"a\nb"#), ("a\r\tb", #"a\r\tb"#), ("\u{1b}[2J", #"\x1b[2J"#),
      ("\u{0}\u{7f}", #"\x00\x7f"#), ("\u{9b}31m", #"\u{9b}31m"#), ("\u{85}", #"\u{85}"#),
      ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#), ("\u{202e}x", #"\u{202e}x"#),
      ("\u{61c}\u{200f}\u{2066}", #"\u{61c}\u{200f}\u{2066}"#), (#"\n"#, #"\\n"#),
      ("grüße 👩‍👩‍👧 \"q\"", "grüße 👩‍👩‍👧 \"q\""),
    ])
  func escapes(raw: String, shown: String) { #expect(raw.escapedForTerminal == shown) }

  @Test("A handler's name cannot pretend to be an attribute, and is never empty")
  func names() {
    let line = LogLine(
      time_ns: 0, level: .info, source: "a worker=9: b", attributes: [.init("peer", "x y=z")],
      message: "m")
    #expect(text(line).hasSuffix(#"info a\x20worker\x3d9:\x20b peer=x\x20y\x3dz: m"# + "\n"))
    #expect("".escapedAsWord == "-")
    let long = LogLine(
      time_ns: 0, level: .info, source: String(repeating: "é", count: 999), message: "")
    #expect(long.source.utf8.count <= 64 + 3)
  }

  @Test("Malformed UTF-8 becomes U+FFFD")
  func malformed() throws {
    let line = LogLine(try record([0x61, 0xFF, 0xC3, 0x28]), worker: 0, handler: "h")
    #expect(text(line).hasSuffix(": a\u{FFFD}\u{FFFD}(\n"))
  }

  @Test("JSON strings escape quotes, backslashes and everything that text escapes")
  func json() {
    #expect("a\"\\\n\u{1b}\u{202e}é".asJSON == #""a\"\\\n\u001b\u202eé""#)
  }

  @Test("Whatever bytes come in, one line comes out and no control character with it")
  func anyBytes() throws {
    var generator = SeededGenerator(test: "LogLine")
    let tricky: [UInt32] = [
      0x0A, 0x0D, 0x1B, 0x7F, 0x9B, 0x2028, 0x202E, 0x2066, 0x61C, 0x5C, 0x22,
    ]
    for round in 0..<2000 {
      var bytes = generator.bytes(upTo: 200)
      if round.isMultiple(of: 2) {
        let scalars = (0..<20).compactMap { _ in
          tricky.randomElement(using: &generator).flatMap(Unicode.Scalar.init)
        }
        bytes += Array(String(String.UnicodeScalarView(scalars)).utf8)
      }
      let name = String(decoding: generator.bytes(upTo: 40), as: UTF8.self)
      let line = LogLine(try record(bytes), worker: 1, handler: name)
      for format in LogFormat.allCases {
        let written = text(line, format)
        #expect(written.hasSuffix("\n"))
        let dangerous = written.dropLast().unicodeScalars.filter(\.isDangerous)
        #expect(dangerous.isEmpty, "\(bytes) \(format)")
      }
    }
  }

  @Test("Times are those of the calendar, and no number is too large")
  func times() {
    #expect(timestamp(951_782_400_000_000_000) == "2000-02-29T00:00:00.000Z")
    #expect(timestamp(1_709_251_199_999_000_000) == "2024-02-29T23:59:59.999Z")
    #expect(timestamp(4_107_542_400_000_000_000) == "2100-03-01T00:00:00.000Z")
    #expect(timestamp(.max) == "2554-07-21T23:34:33.709Z")
  }

  @Test("What a plugin prints is cut into lines, and long ones into pieces")
  func printedLines() {
    var lines = PrintedLines()
    let whole = [lines.append(Array("one\ntw".utf8)), lines.append(Array("o\n\n".utf8))]
    #expect(whole == [[Array("one".utf8)], [Array("two".utf8)]])
    let nothing = lines.end()
    #expect(nothing == nil)
    let long = [UInt8](repeating: 120, count: PrintedLines.maximumByteCount + 5)
    let pieces = lines.append(long).map(\.count)
    let rest = lines.end()
    #expect(pieces == [PrintedLines.maximumByteCount] && rest?.count == 5)
  }

  @Test("Where printed bytes are missing no line is made of two halves, and each is counted")
  func printedGaps() {
    var lines = PrintedLines()
    let before = lines.append(Array("one\ntw".utf8))
    lines.skipGap()
    // The end of `two` is among the missing bytes: whoever took them counts it.
    let after = lines.append(Array("ree\nfour\nfi".utf8))
    #expect(before + after == [Array("one".utf8), Array("four".utf8)])
    #expect(lines.lostCount == 1)
    lines.skipGap()
    let still = [lines.append(Array("x".utf8)), lines.append(Array("y".utf8))]
    #expect(still == [[], []] && lines.lostCount == 1)
    let rest = lines.end()
    #expect(rest == nil && lines.lostCount == 2)
    let next = lines.append(Array("seven\n".utf8))
    #expect(next == [Array("seven".utf8)])
  }
}
