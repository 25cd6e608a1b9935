// Promise: filters on the command line are understood as written, or refused with what to write.

import Control
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct FilterListTests {
  @Test(
    "Words are filters, and are written as they were read",
    arguments: [
      ("delay=50ms", .delay(50...50)), ("delay=2s", .delay(2000...2000)),
      ("delay=50ms..200ms", .delay(50...200)), ("delay=0ms..1m", .delay(0...60000)),
      ("drop=0.01", .drop(Probability(billionths: 10_000_000))), ("drop=1", .drop(.certain)),
      ("drop=0.000000001", .drop(Probability(billionths: 1))), ("log", .log),
      ("rate=1MiB/s", .rate(bytesPerSecond: 1 << 20)), ("rate=300/s", .rate(bytesPerSecond: 300)),
      ("split=1", .split(1...1)), ("split=1..1KiB", .split(1...1024)),
      ("corrupt=0.5", .corrupt(Probability(billionths: 500_000_000))),
      ("reset-after=0", .resetAfter(byteCount: 0)),
      ("reset-after=1000", .resetAfter(byteCount: 1000)),
      ("refuse=0.1", .refuse(Probability(billionths: 100_000_000))),
    ] as [(String, Filter)])
  func words(word: String, filter: Filter) throws {
    #expect(try FilterList.Word(parsing: word) == .filter(filter))
    #expect(filter.written == word)
  }

  @Test("Numbers may be written in other ways")
  func others() throws {
    #expect(try FilterList.Word(parsing: "drop=1.0") == .filter(.drop(.certain)))
    #expect(
      try FilterList.Word(parsing: "drop=0.10")
        == .filter(.drop(Probability(billionths: 100_000_000))))
    #expect(try FilterList.Word(parsing: "delay=0s..1000ms") == .filter(.delay(0...1000)))
    #expect(try FilterList.Word(parsing: "seed=0") == .seed(0))
  }

  @Test(
    "Other words are no filters",
    arguments: [
      "", "=", "delay", "dealy=5ms", "Delay=5ms", "delay=", "delay=5", "delay=0ms", "delay=61s",
      "delay=0ms..0ms", "delay=9ms..5ms", "delay=5ms..", "delay=..5ms", "delay=1ms..2ms..3ms",
      "delay=-5ms", "drop", "drop=", "drop=0", "drop=0.0", "drop=1.1", "drop=2", "drop=-0.1",
      "drop=.5", "drop=0.", "drop=1%", "drop=0,1", "drop=1e-3", "drop=0.0000000001", "rate=1MiB",
      "rate=0/s", "rate=/s", "rate=2GiB/s", "log=1", "log=", " log", "split=0", "split=5..2",
      "split=", "split=2MiB", "corrupt=3", "reset-after=", "reset-after=-1", "reset=5",
      "refuse=0", "seed", "seed=", "seed=x", "seed=-1", "seed=99999999999999999999", "help",
    ])
  func noWords(word: String) {
    #expect(throws: InvalidWord.self) { try FilterList.Word(parsing: word) }
  }

  @Test("A filter that nobody knows is answered with those there are")
  func unknown() throws {
    let error = #expect(throws: InvalidWord.self) { try FilterList.Word(parsing: "jitter=5ms") }
    let names = "delay drop rate log split corrupt reset-after refuse seed"
    for name in names.split(separator: " ") {
      #expect(error?.description.contains(name) == true)
    }
  }

  @Test("The order stays, and nothing can be had twice")
  func lists() throws {
    let words: [FilterList.Word] = [.filter(.log), .seed(7), .filter(.drop(.certain))]
    let list = try FilterList(words)
    #expect(list.filters == [.log, .drop(.certain)])
    #expect(list.seed == 7 && list.isRandom)
    #expect(list.description == "log, drop=1")
    #expect(throws: InvalidWord("--filter log is given twice")) {
      try FilterList(words + [.filter(.log)])
    }
    #expect(throws: InvalidWord("--filter drop is given twice")) {
      try FilterList(words + [.filter(.drop(Probability(billionths: 5)))])
    }
    #expect(throws: InvalidWord("--filter seed is given twice")) {
      try FilterList(words + [.seed(7)])
    }
    #expect(throws: InvalidWord.self) { try FilterList([.seed(7)]) }
    #expect(throws: InvalidWord.self) { try FilterList([.seed(7), .filter(.delay(5...5))]) }
    #expect(try !FilterList([.filter(.delay(5...5)), .filter(.split(3...3))]).isRandom)
    #expect(try FilterList([.filter(.delay(5...6))]).isRandom)
  }

  @Test("A worker is told of all filters, and allows them their time")
  func told() throws {
    var options = RunOptions()
    options.filters = try FilterList([.filter(.delay(10...3200)), .filter(.log)])
    var told = WorkerConfiguration()
    options.fill(&told)
    #expect(told.filters == [.delay(10...3200), .log])
    #expect(told.filters.mostHold_ms == 3302)
    #expect(WorkerConfiguration().filters.isEmpty)
  }
}
