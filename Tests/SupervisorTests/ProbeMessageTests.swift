// What supervisor and probe say to each other comes out as it went in, and nothing that a plugin
// might put in its place traps.

import Control
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ProbeMessageTests {
  private static let messages: [ProbeMessage] = {
    var timing = CallTiming()
    (timing.request, timing.count, timing.bytesIn, timing.p99_ns) = (1, 2, 3, .max)
    var end = CallEnd()
    (end.failure, end.sent) = ("it did not", 4)
    var verdict = CheckVerdict()
    verdict.outcome = .failed
    verdict.lines = ["one", "two"]
    verdict.notes = ["a note"]
    (verdict.failedCase, verdict.slowestHook) = (9, "on_open")
    var report = PluginReport()
    report.name = "echo"
    return [
      .loaded(report), .refused(reason: "no"), .output([1, 2, 3]), .output([]), .timing(timing),
      .called(end), .checked(verdict), .checked(.skipped("why")),
    ]
  }()

  private static let tasks: [ProbeTask] = [
    .call(CallTask(requests: [[1, 2], [], [3]], repeatCount: 7, timeout_ms: 8)),
    .check(
      CheckTask(
        check: .splits, transcripts: [[1], [2, 3]], names: ["a", "b"], onlyCase: 17, seed: .max)),
    .replay(ReplayTask(pieces: [[], [1, 2]], wait_ms: 3, drains: true, timeout_ms: 4)),
  ]

  @Test(arguments: messages)
  func `A message comes out as it went in, and cut ones are refused`(
    _ message: ProbeMessage
  ) throws {
    let bytes = message.encoded()
    #expect(try ProbeMessage(decoding: bytes) == message)
    for count in 0..<bytes.count {
      #expect(throws: MalformedMessage.self) {
        try ProbeMessage(decoding: Array(bytes.prefix(count)))
      }
    }
    #expect(throws: MalformedMessage.self) { try ProbeMessage(decoding: bytes + [0]) }
  }

  @Test(arguments: tasks)
  func `A task comes out as it went in, and cut ones are refused`(_ task: ProbeTask) throws {
    let bytes = task.encoded()
    #expect(try ProbeTask(decoding: bytes) == task)
    for count in 0..<bytes.count {
      #expect(throws: MalformedMessage.self) { try ProbeTask(decoding: Array(bytes.prefix(count))) }
    }
  }

  @Test func `Bytes of no sense are refused, and never trap`() {
    var random = SeededGenerator(test: "ProbeMessageTests")
    for _ in 0..<20_000 {
      let bytes = random.bytes(upTo: 64)
      _ = try? ProbeMessage(decoding: [20 + (bytes.first ?? 0) % 6] + bytes)
      _ = try? ProbeTask(decoding: [1 + (bytes.first ?? 0) % 2] + bytes)
    }
  }
}
