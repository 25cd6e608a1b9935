// Promise: what supervisor and worker say to each other arrives as it was said, and no bytes,
// whoever sends them, trap the reader.

import Control
import Kernel
import Testing

@Suite(.timeLimit(.minutes(3))) struct ControlTests {
  private var report: PluginReport {
    var report = PluginReport()
    report.name = "thankyou"
    report.version = "1.0"
    report.summary = "répond"
    report.compiler = "c"
    (report.abiMajor, report.abiMinor, report.hasDescriptor) = (1, 0, true)
    report.flags = 0x15
    report.hooks = ["handle", "on_greet"]
    report.maxFrame = 1 << 40
    report.setExports(["handle", "$s7greeter", "_end"])
    report.needs = ["libc.so.6", ""]
    report.isSwift = true
    report.settingsAsked = ["k"]
    return report
  }

  private var configuration: WorkerConfiguration {
    var configuration = WorkerConfiguration()
    configuration.worker = 7
    configuration.pluginPath = "/p/é.so"
    configuration.settings = [.init(key: "a", value: "b=c"), .init(key: "", value: "")]
    configuration.handlerConfig = [0, 255, 10]
    configuration.logLevel = .warning
    configuration.isStrict = true
    configuration.idleTimeout_ms = 5
    configuration.listeners = ["tcp://[::]:1"]
    configuration.sockets = [0, 0, 1]
    configuration.transports = [.tcp, .unix, .udp]
    configuration.mutedPorts = [7, 65535]
    configuration.udpRate = 1 << 20
    configuration.requestTimeout_ms = 6
    configuration.userID = 65534
    configuration.tally = TallyLayout(cellCount: 3, addressCapacity: 5)
    configuration.tallyCell = 2
    configuration.connectionLimit = 1 << 40
    configuration.rejectsOverLimit = true
    configuration.filters = [
      .delay(5...(.max / 2)), .drop(.certain), .rate(bytesPerSecond: 1 << 30), .log, .split(1...9),
      .corrupt(Probability(billionths: 3)), .resetAfter(byteCount: 1 << 40),
      .refuse(Probability(billionths: 1)),
    ]
    configuration.filterSeed = .max
    return configuration
  }

  @Test func `A report fits a packet, whatever a plugin exports`() throws {
    var report = PluginReport()
    let own = (0..<512).map { "a_function_with_quite_a_long_name_that_a_person_chose_\($0)" }
    let mangled = (0..<512).map {
      "$s" + String(repeating: "14PorticoHandler", count: 40) + "\($0)"
    }
    report.setExports(mangled + own)
    let packet = WorkerMessage.loaded(report).encoded()
    #expect(packet.count < WorkerMessage.maximumByteCount / 2)
    #expect(try WorkerMessage(decoding: packet) == .loaded(report))
    #expect(report.exports.first == own[0])
    #expect(report.exports.count + Int(report.otherExportCount) == 1024)
  }

  @Test(
    "Messages to a worker arrive as they were sent",
    arguments: [
      SupervisorMessage.serve(sockets: []), .serve(sockets: [0, 65535]), .check,
      .drain(deadline_ms: nil), .drain(deadline_ms: 0), .drain(deadline_ms: 30000), .stop,
    ])
  func supervisorMessages(message: SupervisorMessage) throws {
    #expect(try SupervisorMessage(decoding: message.encoded()) == message)
  }

  @Test("Messages from a worker arrive as they were sent")
  func workerMessages() throws {
    for message: WorkerMessage in [
      .loaded(report), .loaded(PluginReport()), .refused(reason: "no"), .drained(cutShort: 3),
      .spent, .released,
    ] {
      #expect(try WorkerMessage(decoding: message.encoded()) == message)
    }
  }

  @Test("Configurations and log records arrive as they were sent")
  func others() throws {
    #expect(try WorkerConfiguration(decoding: configuration.encoded()) == configuration)
    #expect(try WorkerConfiguration(decoding: WorkerConfiguration().encoded()) == .init())
    let record = LogRecord(
      level: .error, isFromHandler: true, time_ns: .max, connection: 9,
      peer: try #require(Endpoint(address: "2001:db8::1", port: 80)), text: [0, 255])
    #expect(try LogRecord(decoding: record.encoded()) == record)
  }

  @Test("A message that is cut anywhere, or too long, is malformed")
  func cut() {
    let whole = WorkerMessage.loaded(report).encoded()
    for count in 0..<whole.count {
      #expect(throws: MalformedMessage.self) {
        try WorkerMessage(decoding: Array(whole.prefix(count)))
      }
    }
    #expect(throws: MalformedMessage.self) { try WorkerMessage(decoding: whole + [0]) }
  }

  @Test("Random and damaged bytes never trap a decoder")
  func fuzz() throws {
    var generator = SeededGenerator(test: "Control")
    let samples = [
      WorkerMessage.loaded(report).encoded(), WorkerMessage.refused(reason: "x").encoded(),
      SupervisorMessage.serve(sockets: [1, 2]).encoded(), configuration.encoded(),
      LogRecord(level: .info, isFromHandler: false, time_ns: 1, text: [1]).encoded(),
    ]
    for _ in 0..<20_000 {
      var bytes = generator.bytes(upTo: 80)
      if Bool.random(using: &generator), var sample = samples.randomElement(using: &generator) {
        for _ in 0..<3 {
          let index = Int.random(in: 0..<sample.count, using: &generator)
          sample[index] = UInt8.random(in: 0...255, using: &generator)
        }
        bytes = sample
      }
      _ = try? WorkerMessage(decoding: bytes)
      _ = try? SupervisorMessage(decoding: bytes)
      _ = try? LogRecord(decoding: bytes)
      _ = try? WorkerConfiguration(decoding: bytes)
    }
  }
}
