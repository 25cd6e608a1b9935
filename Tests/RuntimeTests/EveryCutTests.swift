// The promise: a handler's output does not depend on how its input was cut into packets.

internal import Harness
internal import Testing

@testable import Runtime

extension InMemoryTests {
  @Suite struct EveryCutTests {
    private static let transcript = "hello\n\na\nportico €\n\n\nsixteen letters.\nend\n"
    private static let input = Array(transcript.utf8)
    private static let expected =
      transcript
      .split(separator: "\n", omittingEmptySubsequences: false)
      .dropLast().map { "[\($0.utf8.count)]\($0)\n" }.joined()

    private func answer(_ host: MemoryHost, _ cuts: [Int]) -> String {
      let client = host.connect()
      for (start, end) in zip([0] + cuts, cuts + [Self.input.count]) where start < end {
        client.send(Self.input[start..<end])
      }
      defer { client.reset() }
      return client.text()
    }

    @Test func `In every split in two and in three`() throws {
      let host = try MemoryHost(Fixture.c("lines"))
      for first in 1..<Self.input.count {
        #expect(answer(host, [first]) == Self.expected, "cut at \(first)")
        for second in (first + 1)..<Self.input.count + 1 {
          #expect(answer(host, [first, second]) == Self.expected, "cut at \(first), \(second)")
        }
      }
    }

    @Test func `A line of a megabyte in small pieces is answered whole`() throws {
      let host = try MemoryHost(Fixture.c("lines"))
      // Just below max_frame, which counts the newline too.
      let line = [UInt8](repeating: 0x6C, count: (1 << 20) - 1) + [0x0A]
      let client = host.connect()
      for start in stride(from: 0, to: line.count, by: 9999) {
        client.send(line[start..<min(line.count, start + 9999)])
      }
      let expected = "[\(line.count - 1)]" + String(decoding: line, as: UTF8.self)
      // What is left over is looked through again after 2 ms, not at each receive.
      var answer = ""
      let isWhole = host.turn {
        answer += client.text()
        return answer.utf8.count >= expected.utf8.count
      }
      #expect(isWhole && answer == expected)
    }
  }
}
