// Promise: amounts on the command line are understood as written, or refused with an example.

import Control
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct OptionTests {
  @Test(
    "Bytes are numbers with or without a unit",
    arguments: [("0", 0), ("1024", 1024), ("64KiB", 65536), ("16MiB", 16 << 20), ("1GiB", 1 << 30)])
  func bytes(word: String, value: Int) throws {
    #expect(try ByteCount(parsing: word, in: 0...(1 << 40)).bytes == value)
  }

  @Test(
    "Other words are no bytes",
    arguments: [
      "", "x", "-1", "+1", " 1", "1 ", "1k", "1kB", "64kib", "1.5MiB", "KiB", "0x10", "٣",
      "9223372036854775807GiB", "99999999999999999999",
    ])
  func noBytes(word: String) {
    #expect(throws: InvalidWord.self) { try ByteCount(parsing: word, in: 0...(1 << 40)) }
  }

  @Test("Bytes outside the range are refused with both limits")
  func byteRange() {
    #expect(throws: InvalidWord("it must be between 1 and 16MiB")) {
      try ByteCount(parsing: "0", in: 1...(16 << 20))
    }
  }

  @Test(
    "Times are whole numbers with a unit",
    arguments: [("500ms", 500), ("2s", 2000), ("5m", 300_000), ("24h", 86_400_000)]
      as [(String, UInt32)])
  func times(word: String, ms: UInt32) throws {
    #expect(try TimeLimit(parsing: word, allowsNone: false).ms == ms)
  }

  @Test(
    "Other words are no times",
    arguments: [
      "", "5", "s", "0s", "-1s", "1.5s", "25h", "2 s", "2S", "99999999999999999999s", "٣s",
    ])
  func noTimes(word: String) {
    #expect(throws: InvalidWord.self) { try TimeLimit(parsing: word, allowsNone: true) }
  }

  @Test("None is a time only where it makes sense")
  func none() throws {
    #expect(try TimeLimit(parsing: "none", allowsNone: true) == TimeLimit.none)
    #expect(throws: InvalidWord.self) { try TimeLimit(parsing: "none", allowsNone: false) }
  }

  @Test("Amounts print as they are written")
  func printing() {
    #expect(ByteCount(65536).description == "64KiB")
    #expect(ByteCount(1000).description == "1000")
    #expect(ByteCount(0).description == "0")
    #expect(TimeLimit(ms: 30000).description == "30s")
    #expect(TimeLimit(ms: 1500).description == "1500ms")
    #expect(TimeLimit.none.description == "none")
  }

  @Test("Counts are numbers in a range, or none")
  func counts() throws {
    #expect(try CountLimit(parsing: "3", in: 1...9).count == 3)
    #expect(try CountLimit(parsing: "none", in: 1...9) == CountLimit.none)
    #expect(CountLimit(5).description == "5" && CountLimit.none.description == "none")
    for word in ["0", "10", "", "-1", "+1", "1 ", "None", "٣", "99999999999999999999"] {
      #expect(throws: InvalidWord("write a number from 1 to 9; 'none' switches it off")) {
        try CountLimit(parsing: word, in: 1...9)
      }
    }
  }

  @Test("Ports that are never answered are a list, with 'own' for those of the host")
  func mutedPorts() throws {
    #expect(try MutedPorts(parsing: "7,19,own") == MutedPorts([7, 19], includesOwn: true))
    #expect(try MutedPorts(parsing: "own") == MutedPorts([], includesOwn: true))
    #expect(try MutedPorts(parsing: "7,7") == MutedPorts([7], includesOwn: false))
    #expect(try MutedPorts(parsing: "none") == MutedPorts.none)
    #expect(MutedPorts.standard.description == "7,11,13,17,19,37,own")
    #expect(try MutedPorts(parsing: MutedPorts.standard.description) == MutedPorts.standard)
    #expect(MutedPorts.none.description == "none")
    for word in ["", "0", "65536", "7,", ",7", "7 ,9", "none,7", "echo", "-1"] {
      #expect(throws: InvalidWord.self) { try MutedPorts(parsing: word) }
    }
  }

  @Test("The host's own ports are muted where they are asked for, each once")
  func ownPorts() {
    #expect(MutedPorts([7, 9], includesOwn: true).ports(own: [9, 8]) == [7, 9, 8])
    #expect(MutedPorts([7], includesOwn: false).ports(own: [9]) == [7])
    #expect(MutedPorts.none.ports(own: [9]).isEmpty)
  }

  @Test("What --help calls the defaults is what a worker is told without options")
  func defaults() {
    var told = WorkerConfiguration()
    RunOptions().fill(&told)
    #expect(told.maxFrame == 1 << 20 && told.highWater == 256 << 10 && told.lowWater == 64 << 10)
    #expect(told.replyLimit == 16 << 20 && told.replyBudget == 1_000_000)
    #expect(told.firstByteTimeout_ms == 60000 && told.writeTimeout_ms == 60000)
    #expect(told.idleTimeout_ms == 0 && told.slowCall_ms == 100 && told.udpAmplification == 3)
    #expect(told.requestTimeout_ms == 60000 && told.udpRate == 2000)
    #expect(told.connectionLimit == 0 && told.addressLimit == 0 && !told.rejectsOverLimit)
  }

  @Test("Options reach the worker, and none is 0")
  func told() {
    var options = RunOptions()
    options.maxPerAddress = CountLimit(5)
    options.overLimit = .reject
    options.udpAmplification = .none
    options.udpRate = .none
    options.requestTimeout = .none
    options.slowCall = .none
    options.firstByteTimeout = .none
    var told = WorkerConfiguration()
    options.fill(&told)
    #expect(told.addressLimit == 5 && told.rejectsOverLimit)
    #expect(told.udpRate == 0 && told.requestTimeout_ms == 0)
    #expect(told.udpAmplification == 0 && told.slowCall_ms == 0 && told.firstByteTimeout_ms == 0)
  }

  @Test("Workers: as many as asked for, else one a core for a plugin that is SHARDED, else one")
  func workerCount() {
    var options = RunOptions()
    var report = PluginReport()
    #expect(options.workerCount(for: report, coreCount: 8) == 1)
    report.flags = 0x4
    #expect(options.workerCount(for: report, coreCount: 8) == 8)
    #expect(options.socketsPerListener(coreCount: 8) == 8)
    options.workerCount = 3
    #expect(options.workerCount(for: report, coreCount: 8) == 3)
    #expect(options.socketsPerListener(coreCount: 8) == 3)
  }
}
