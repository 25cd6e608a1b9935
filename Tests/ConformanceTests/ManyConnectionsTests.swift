// The promise: ten thousand clients at once, some of them rude, keep nobody from being served, cost
// bounded memory, and are all accounted for.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcessesAlone, .timeLimit(.minutes(3)))
struct ManyConnectionsTests {
  /// What the crowd prints, by its own words.
  private func numbers(_ text: String) -> [String: Int] {
    let words = text.split(whereSeparator: \.isWhitespace)
    var numbers: [String: Int] = [:]
    for (word, number) in zip(words, words.dropFirst()) { numbers[String(word)] = Int(number) }
    return numbers
  }

  @Test(
    .enabled("needs 10,100 open files in each process") {
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      return limit.rlim_max >= 10100
    },
    arguments: [1, 2])
  func `Ten thousand connections at once are served and accounted for`(workers: Int) throws {
    let memoryLimit = 256 << 20
    let portico = try Portico([
      "--plugin", "echo", "--workers", "\(workers)", "--memory-limit", "\(memoryLimit)",
    ])
    let idle = try portico.workers.map { try ProcessView($0).residentByteCount() }
    let parts = (active: 100, deaf: 500, dripping: 500, resetting: 500, idle: 8400)
    let crowd = try Child(
      Fixture.program("crowd"),
      ["127.0.0.1", "\(portico.port)", "5"]
        + [parts.active, parts.deaf, parts.dripping, parts.resetting, parts.idle].map(String.init))
    var most = 0
    let isDone = try eventually(within: .seconds(60)) {
      pause(for: .milliseconds(100))
      let now = try portico.workers.map { try ProcessView($0).residentByteCount() }
      most = max(most, now.max() ?? 0)
      return crowd.output.text.hasSuffix("\n") || crowd.exit != nil
    }
    try #require(isDone && crowd.exit == nil, "\(crowd.output.text) \(crowd.error.text)")
    print("\(workers) workers: \(crowd.output.text.dropLast()), at most \(most >> 20) MiB")

    let seen = numbers(crowd.output.text)
    #expect(seen["connected"] == 10000)
    #expect(seen["ended"] == 0, "nobody was cut off")
    #expect(seen["wrong"] == 0)
    #expect(seen["resets"] == parts.resetting)
    #expect(seen["drips"] == seen["dripped_back"])
    #expect(try #require(seen["drips"]) >= parts.dripping * 4)
    #expect(try #require(seen["requests"]) > 10000)
    #expect(try #require(seen["p99_us"]) < 100_000)
    #expect(most - (idle.max() ?? 0) < memoryLimit)

    var counters = try portico.counters()
    #expect(counters["accepted"] == 10000)
    #expect(counters["open"] == 10000 - parts.resetting)
    // Still served, and one more is counted.
    let client = try portico.client()
    try client.send("one more")
    #expect(try client.receiveText(8) == "one more")
    client.shut()

    crowd.send(SIGKILL)
    try crowd.wait()
    let isEmpty = try eventually {
      counters = try portico.counters()
      return counters["open"] == 0
    }
    #expect(isEmpty, "\(counters)")
    #expect(counters["accepted"] == 10001)
    #expect(try portico.stop() == .status(0))
  }
}
