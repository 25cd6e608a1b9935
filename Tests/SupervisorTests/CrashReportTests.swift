// Promise: what is written into a crash file comes back from it, whatever a plugin or a client made
// of it, and no file at all makes reading it fail otherwise than with a place inside of it.

import Control
import Kernel
import Supervisor
import Testing
import Transcript

@Suite(.timeLimit(.minutes(3)))
struct CrashReportTests {
  @Test(arguments: [
    ("", "1:1: this is no crash file"), ("> hello\n", "this is no crash file"),
    ("# portico crash file 2\n", "1:22: this is a crash file of another format"),
    ("# portico crash file 1\r\n", "of another format"),
    ("# portico crash file 1", "`# time-ns: ...` is missing"),
    ("+# end: killed by bad luck\n", ":8: write `exited with status N`"),
    ("+# end: killed by signal \n", "write `exited with status N`"),
    ("+# worker: 65536\n", "worker is a number from 0 to 65535, and this is none"),
    ("+# worker: 0x\n", "and this is none"),
    ("+# worker-memory: -1\n", "worker-memory is a number"),
    ("+# transport: pigeon\n", "transport is one of: stream, datagram"),
    ("+# peer: a\n# peer: b\n", ":9: peer is said in line 6 already"),
    ("+# peer: a\\z\n", ":10: there is no such escape"),
    ("+# peer: a\0\n", ":10: this character cannot be seen; write \\0"),
    ("+# setting: bare\n", ":12: a setting is written as key=value"),
    ("+# in-call: yes\n", "the > line with its bytes is missing at the end: the file was cut"),
    ("+> one\n< two\n", "7:1: a crash file has the > lines of one client and nothing else"),
    ("+> one\nb> two\n", "7:1: a crash file has the > lines"),
    ("+> one\n>EOF\n", "7:1: a crash file has the > lines"),
    ("+> one \n", "6:6: blanks at the end of a line"), ("+> one\n>x 0\n", "7:4: a byte has two"),
  ])
  func `A mistake is told with its place`(_ text: String, _ words: String) {
    // Most of them are behind what a file needs; then they are in line 6.
    let top = "# portico crash file 1\n# time-ns: 5\n# handler: h\n# plugin: p\n"
    let end = text.contains("# end") ? "#\n" : "# end: exited with status 3\n"
    let all = text.hasPrefix("+") ? top + end + text.dropFirst() : text
    let error = #expect(throws: TranscriptError.self) {
      try CrashReport(parsing: Array(all.utf8))
    }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func `A person can read it`() throws {
    var report = CrashReport()
    report.time_ns = 1_795_406_706_123_456_789
    report.end = .killed(signal: 11)
    report.handler = "crash 1.0"
    report.pluginPath = "/p/crash.so"
    report.hook = "handle"
    report.isInCall = true
    report.settings = [.init(key: "a=b", value: "c=d ")]
    report.input = [Array("GET /\r\n".utf8), [], [0xFF, 0xFE, 0, 1, 2]]
    let lines = report.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "# portico crash file 1")
    for line in [
      "# time: 2026-11-23T04:05:06.123Z", "# end: killed by signal 11 (SIGSEGV)",
      "# hook: handle", #"# setting: a\x3db=c=d\s"#, #"> GET /\r\n"#, ">empty",
    ] { #expect(lines.contains(line[...]), "\(report.text)") }
    #expect(lines.suffix(2) == [#"> \xff\xfe\0\x01\x02"#, ""])
    #expect(try CrashReport(parsing: Array(report.text.utf8)) == report)
  }

  @Test func `Lines that a newer Portico adds are left alone`() throws {
    let text = """
      # portico crash file 1
      # end: exited with status 3, whatever that means
      # phase-of-the-moon: full
      # time-ns: 5
      # plugin: p
      # handler: h

      # end: of the facts
      > hello
      """
    let report = try CrashReport(parsing: Array(text.utf8))
    #expect(report.end == .exited(status: 3))
    #expect(report.input == [Array("hello".utf8)])
  }

  @Test func `It is a transcript, too`() throws {
    var random = SeededGenerator(test: "It is a transcript, too")
    for _ in 0..<300 {
      var report = CrashReport(random: &random)
      report.input.append([1])
      let steps = try Transcript(parsing: Array(report.text.utf8)).steps
      #expect(steps.map(\.action) == report.input.map { .send($0) })
    }
  }

  @Test func `Ten thousand random reports come back from their text`() throws {
    var random = SeededGenerator(test: "Ten thousand random reports")
    for _ in 0..<10000 {
      let report = CrashReport(random: &random)
      let parsed = try CrashReport(parsing: Array(report.text.utf8))
      #expect(parsed == report, "\(report.text)")
    }
  }

  @Test(arguments: [UInt8(ascii: "a"), 0, 0xFF, 0xC3])
  func `A mebibyte of one byte comes back`(_ byte: UInt8) throws {
    var report = CrashReport()
    report.input = [[UInt8](repeating: byte, count: 1 << 20)]
    report.isInCall = true
    let text = Array(report.text.utf8)
    #expect(text.count < 4 << 20)
    let start = Moment.now
    let parsed = try CrashReport(parsing: text)
    #expect(parsed == report)
    #expect(Moment.now - start < .seconds(30), "in a debug build on a busy machine")
  }

  @Test func `A damaged file is read or refused at a place in it`() throws {
    var random = SeededGenerator(test: "A damaged file")
    var accepted = 0
    for _ in 0..<10000 {
      var text = Array(CrashReport(random: &random).text.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<text.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: text[place] = UInt8.random(in: 0...255, using: &random)
        case 1: text.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 2: text.remove(at: place)
        case 3: text.removeSubrange(place...)
        case _: text.insert(contentsOf: text[..<place].suffix(100), at: place)
        }
        if text.isEmpty { text = [0] }
      }
      do {
        _ = try CrashReport(parsing: text)
        accepted += 1
      } catch {
        let lines = text.split(separator: 10, omittingEmptySubsequences: false)
        #expect(error.line >= 1 && error.line <= lines.count, "\(error)")
        #expect(error.column >= 1 && error.column <= lines[error.line - 1].count + 1, "\(error)")
        #expect(!error.sentence.contains { $0.isNewline || $0 == "\u{1B}" }, "\(error)")
      }
    }
    #expect(accepted > 500, "otherwise this test says little")
  }
}

extension CrashReport {
  /// Anything that a report can be, and much that none ever is.
  init(random: inout SeededGenerator) {
    self.init()
    func number<Number: FixedWidthInteger>(_ range: ClosedRange<Number>) -> Number {
      Number.random(in: range, using: &random)
    }
    func text() -> String {
      let nasty = [
        "\n", "\r\n", "\0", "\u{1B}[2J", "=", ": ", "#", " ", "\\", "é", "\u{202E}", "=\u{301}",
      ]
      return (0..<number(0...5)).map { _ in
        Bool.random(using: &random)
          ? nasty.randomElement(using: &random)! : String(number(0...UInt64.max), radix: 36)
      }.joined()
    }
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
    time_ns = number(0...UInt64.max)
    switch number(0...2) {
    case 0: end = .exited(status: number(Int32.min...Int32.max))
    case 1: end = .killed(signal: number(0...64))
    case _: end = .hung(limit_ms: number(0...UInt32.max))
    }
    (hostVersion, handler, pluginPath, fingerprint) = (text(), text(), text(), text())
    (worker, pid) = (number(0...UInt16.max), number(Int32.min...Int32.max))
    (hook, function, peer, listener) = (maybe(text()), maybe(text()), maybe(text()), maybe(text()))
    handlerConfigPath = maybe(text())
    isInOtherThread = Bool.random(using: &random)
    isDatagram = Bool.random(using: &random)
    frames = (0..<number(0...3)).map { _ in text() }
    settings = (0..<number(0...3)).map { _ in .init(key: text(), value: text()) }
    faultAddress = maybe(number(0...UInt64.max))
    connection = maybe(number(0...UInt64.max))
    missingByteCount = maybe(number(0...UInt64.max))
    cutByteCount = maybe(number(0...UInt64.max)) ?? 0
    workerMemory = maybe(Int(number(0...UInt64(1) << 40))) ?? 0
    sender = maybe(number(1...UInt32.max))
    missingSettingCount = maybe(number(0...1000)) ?? 0
    input = (0..<number(0...4)).map { _ in
      Bool.random(using: &random) ? random.bytes(upTo: 40) : Array(text().utf8)
    }
    isInCall = !input.isEmpty && Bool.random(using: &random)
  }
}
