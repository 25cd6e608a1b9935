// A plugin in this process, on the loop that a worker runs, with a network in memory: for promises
// about calls, bytes and log lines, in which no socket takes part. One at a time, since C functions
// find their worker through one name (see `InMemoryTests`); a plugin stays loaded to the end.

internal import CKernel
internal import Control
internal import Foundation
internal import Harness
internal import Kernel
internal import Testing

@testable import Runtime

/// The suites whose tests have a `MemoryHost`: one test after the other.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct InMemoryTests {}

final class MemoryHost {
  struct Line {
    let level: LogLevel
    let isFromHandler: Bool
    let connection: UInt64
    let text: String
  }

  private let core: Immortal<Core>
  private let network: Immortal<MemoryNetwork>
  private var loop: Loop<InMemory>
  private let reader: Immortal<PacketChannel>
  private var lines: [Line] = []

  /// Loads a plugin, which may refuse, and serves.
  init(_ plugin: URL, _ change: (inout WorkerConfiguration) -> Void = { _ in }) throws {
    var configuration = WorkerConfiguration()
    configuration.pluginPath = plugin.path
    configuration.buffersByteCount = 32 << 20
    configuration.maxConnections = 64
    configuration.listeners = ["tcp://127.0.0.1:7788"]
    configuration.transports = [.tcp]
    configuration.sockets = [0]
    change(&configuration)
    let buffers = Immortal(
      try MemoryFile(name: "test-buffers", byteCount: configuration.buffersByteCount))
    var ends: [PacketEnd] = []
    for _ in 0..<2 {
      try PacketChannel.pair { ends += [PacketEnd($0), PacketEnd($1)] }
    }
    let core = try Core.make(
      configuration: configuration, buffersFD: buffers.value.descriptor.rawValue,
      logFD: ends[1].channel.value.descriptor.rawValue, page: SharedPage())
    core.value.services.localWithoutSocket = MemoryNetwork.local
    // A copy for each host, as in a worker: the loader takes the same file for the same library.
    let bytes = Array(try Data(contentsOf: plugin))
    let image = Immortal(try MemoryFile(name: "test-plugin", contents: bytes))
    _ = try Worker.load(into: core, image: image.value.descriptor.rawValue)
    core.value.replies.reissue = core.value.handler.reissue(isStrict: true)
    core.value.replies.replenish()
    let network = Immortal(MemoryNetwork(core: core))
    var loop = try Loop(
      core: core, io: InMemory(network: network), sockets: [MemoryNetwork.listener],
      control: ends[2].channel)
    loop.stage = .serving
    loop.poll([0])
    self.core = core
    self.network = network
    self.loop = loop
    reader = ends[0].channel
  }

  /// One turn after the other until nothing that a client did is left to be done.
  func settle() {
    for _ in 0..<3 { loop.turn() }
    var turns = 0
    while network.value.clients.contains(where: \.isDeliverable), turns < 10_000 {
      loop.turn()
      turns += 1
    }
    loop.turn()
  }

  /// Turns until `condition` is true; false when it is not for a long time.
  func turn(until condition: () -> Bool) -> Bool {
    eventually {
      loop.turn()
      return condition()
    }
  }

  /// Every `on_close`, then `on_unload`.
  func stop() {
    loop.poll([])
    loop.stage = .ended
    _ = loop.run()
  }

  /// What was logged so far.
  var log: [Line] {
    while case .packet(let bytes) = reader.value.receive() {
      guard let record = try? LogRecord(decoding: bytes) else {
        Issue.record("no record of the log: \(bytes)")
        continue
      }
      lines.append(
        Line(
          level: record.level, isFromHandler: record.isFromHandler, connection: record.connection,
          text: String(decoding: record.text, as: UTF8.self)))
    }
    return lines
  }

  /// What the handler logged.
  var said: [String] { log.filter(\.isFromHandler).map(\.text) }

  /// The host's lines that warn.
  var warnings: [String] {
    log.filter { !$0.isFromHandler && $0.level >= .warning }.map(\.text)
  }

  func connect() -> MemoryPeer {
    let who = network.value.connect()
    settle()
    return MemoryPeer(host: self, who: who)
  }

  /// Sends a text on a connection of its own, and what came of it.
  func ask(_ text: String) -> MemoryPeer.Answer {
    let client = connect()
    client.send(text)
    return client.answer
  }

  fileprivate func send(_ bytes: some Sequence<UInt8>, from who: Int) {
    network.value.send(bytes, from: who)
    settle()
  }

  fileprivate func end(_ who: Int, _ end: MemoryClient.End) {
    network.value.end(who, end)
    settle()
  }

  fileprivate func take(from who: Int) -> [UInt8] { network.value.takeOutput(of: who) }
  fileprivate func client(_ who: Int) -> MemoryClient { network.value.clients[who] }
}

/// Both ends of a pair live as long as the process.
private struct PacketEnd {
  let channel: Immortal<PacketChannel>
  init(_ channel: consuming PacketChannel) { self.channel = Immortal(channel) }
}

/// A client of a `MemoryHost`.
struct MemoryPeer {
  /// How the host's side stands.
  enum End { case none, orderly, reset }

  struct Answer: Equatable, CustomStringConvertible {
    let text: String
    let end: End
    init(_ text: String, _ end: End) {
      self.text = text
      self.end = end
    }
    var description: String { "\(text.debugDescription), \(end)" }
  }

  fileprivate let host: MemoryHost
  fileprivate let who: Int

  /// One piece: the loop receives it at once, as far as it reads this client.
  func send(_ bytes: some Sequence<UInt8>) { host.send(bytes, from: who) }
  func send(_ text: String) { send(Array(text.utf8)) }

  /// Shuts down its sending side.
  func endInput() { host.end(who, .orderly) }
  /// Goes, whatever is on the way.
  func reset() { host.end(who, .reset) }

  var end: End {
    let client = host.client(who)
    if client.wasReset { return .reset }
    return client.hasSeenEnd ? .orderly : .none
  }

  /// What it was sent since the last time, as text.
  func text() -> String { String(decoding: host.take(from: who), as: UTF8.self) }

  /// What it was sent since the last time, and the end if there is one.
  var answer: Answer { Answer(text(), end) }
}
