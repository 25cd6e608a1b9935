// Hosts that are restarted one after the other, each at its own address, under short connections: a
// client that one of them refuses goes to the next. Whoever connects is to be answered.

import Foundation
import Harness
import Synchronization

/// One run, and what its clients saw.
struct RollingRestart {
  private(set) var answerCount = 0
  private(set) var refusalCount = 0
  /// What became of the other clients.
  private(set) var losses: [String] = []

  private static let hostCount = 3
  private static let clientCount = 12

  /// Restarts them so many times in all. Each tenth client takes its time before it sends.
  init(restarts: Int, over transport: Transport, workers: Int = 2) throws {
    let uris = try (0..<Self.hostCount).map { _ in
      transport == .unix
        ? try transport.newListener() : "tcp://127.0.0.1:\(try Client.freePort())"
    }
    let addresses = uris.compactMap(SocketAddress.init(uri:))
    // The last ones are there until the last client has gone.
    let hosts = Mutex(try uris.map { try Self.start($0, workers) })
    let isOver = Mutex(false)
    let runs = try concurrently(Self.clientCount + 1) { thread in
      if thread == 0 {
        defer { isOver.withLock { $0 = true } }
        for number in 0..<restarts {
          let place = number % Self.hostCount
          let exit = try hosts.withLock { $0[place] }.stop()
          guard exit == .status(0) else { throw Failure("a host ended with \(exit)") }
          let next = try Self.start(uris[place], workers)
          hosts.withLock { $0[place] = next }
        }
        return RollingRestart()
      }
      var run = RollingRestart()
      var random = RandomSource(seed: UInt64(thread))
      while !isOver.withLock({ $0 }) { run.visit(addresses, &random) }
      return run
    }
    for run in runs {
      answerCount += run.answerCount
      refusalCount += run.refusalCount
      losses += run.losses
    }
  }

  private init() {}

  private static func start(_ uri: String, _ workers: Int) throws -> Portico {
    let portico = try Portico(["--plugin", "echo", "--workers", "\(workers)"], listen: [uri])
    try portico.waitForLog(containing: " info portico: serving ")
    return portico
  }

  /// One client: connects to whoever takes it, asks once and goes.
  private mutating func visit(_ addresses: [SocketAddress], _ random: inout RandomSource) {
    let first = Int.random(in: 0..<addresses.count, using: &random)
    let isSlow = Int.random(in: 0..<10, using: &random) == 0
    let delay = isSlow ? Int.random(in: 1...200, using: &random) : 0
    for offset in 0..<addresses.count {
      let client: Client
      do {
        client = try Client(addresses[(first + offset) % addresses.count])
      } catch {
        refusalCount += 1
        if !"\(error)".contains("refused"), !"\(error)".contains("No such file") {
          losses.append("connect: \(error)")
        }
        continue
      }
      do {
        if delay > 0 { pause(for: .milliseconds(delay)) }
        try client.send("hello")
        let text = try client.receiveText(5)
        if text == "hello" { answerCount += 1 } else { losses.append("answered \(text)") }
      } catch {
        losses.append("after \(delay) ms: \(error)")
      }
      client.shut()
      return
    }
  }
}
