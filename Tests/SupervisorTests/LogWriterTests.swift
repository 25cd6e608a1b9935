// Promise: logging never blocks whoever logs; what is lost is counted, and the count is logged.

import Control
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct LogWriterTests {
  private struct Ends: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor
  }

  private func line(_ text: String) -> LogLine {
    LogLine(time_ns: 0, level: .info, source: "t", message: text)
  }

  private func drain(_ pipe: borrowing Descriptor, until marker: String) throws -> String {
    var text = ""
    while !text.contains(marker), pipe.isReadable(within: .seconds(10)) {
      text += String(decoding: try pipe.readSome(atMost: 65536), as: UTF8.self)
    }
    return text
  }

  @Test("Lines arrive in order and flush waits for them")
  func inOrder() throws {
    let pipe = try Descriptor.pipe { (reading, writing) throws(SystemError) in
      Ends(reading: reading, writing: writing)
    }
    let writer = try LogWriter(output: pipe.writing.duplicate(), format: .text)
    for number in 0..<100 { writer.write(line("n\(number);")) }
    writer.flush(atMost: .seconds(10))
    let text = String(decoding: try pipe.reading.readSome(atMost: 65536), as: UTF8.self)
    let messages = text.split(separator: "\n").compactMap { $0.split(separator: " ").last }
    #expect(messages == (0..<100).map { "n\($0);" })
  }

  @Test("A reader that does not read costs counted lines, and no time")
  func stuckReader() throws {
    let pipe = try Descriptor.pipe { (reading, writing) throws(SystemError) in
      Ends(reading: reading, writing: writing)
    }
    let writer = try LogWriter(output: pipe.writing.duplicate(), format: .text, limit: 10_000)
    let start = Moment.now
    let count = 20_000
    for _ in 0..<count { writer.write(line("a line that is of some length")) }
    #expect(Moment.now - start < .seconds(10))
    let text = try drain(pipe.reading, until: "were dropped")
    let lines = text.split(separator: "\n")
    let notice = try #require(lines.first { $0.contains("were dropped") })
    let words = notice.split(separator: " ")
    let dropped = try #require(words.compactMap { Int($0) }.first)
    let kept = lines.count { $0.contains("a line that is of some length") }
    #expect(dropped > 0 && kept + dropped <= count)
  }
}
