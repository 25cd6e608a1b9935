// Churns connections against the keeper fixture and checks that every byte a client gets carries
// that client's own tag: the test of "a reply never reaches another client".

internal import Foundation
internal import Synchronization

/// A soak against a running keeper.
package final class Soak: Sendable {
  /// What happened. The first wrong bytes are kept for the eye.
  package struct Outcome: Sendable, CustomStringConvertible {
    package var wrongBytes = 0
    /// Clients that got through, and replies that they read.
    package var connections = 0
    package var replies = 0
    /// Clients that could not connect or send.
    package var failures = 0
    package var firstWrong = ""

    package var description: String {
      "wrong bytes \(wrongBytes), connections \(connections), replies \(replies), "
        + "failures \(failures)" + (firstWrong.isEmpty ? "" : ", first wrong: \(firstWrong)")
    }
  }

  private let server: SocketAddress
  private let tags = Atomic<UInt32>(1)
  private let outcome = Mutex(Outcome())

  private init(_ server: SocketAddress) { self.server = server }

  /// Connects, sends, reads and leaves again, six clients at a time, until the time is over.
  package static func run(
    _ server: SocketAddress, for duration: Duration, seed: UInt64
  ) throws -> Outcome {
    let soak = Soak(server)
    let end = ContinuousClock.now + duration
    _ = try concurrently(6) { number in
      var random = RandomSource(seed: seed &+ UInt64(number) &* 7919)
      while ContinuousClock.now < end { soak.visit(&random) }
    }
    return soak.outcome.withLock { $0 }
  }

  private func visit(_ random: inout RandomSource) {
    let tag = tags.wrappingAdd(1, ordering: .relaxed).newValue
    let digits = String(tag, radix: 16)
    let line = Array((String(repeating: "0", count: 8 - digits.count) + digits + "\n").utf8)
    // Many source addresses: one has ports for 28,000 connections a minute only.
    let number = UInt8.random(in: 1...250, using: &random)
    let source = server.family == AF_UNIX ? nil : "127.0.\(number).1"
    var received: [UInt8] = []
    do {
      let client = try Client(server, source: source)
      let requests = Int.random(in: 1...3, using: &random)
      for _ in 0..<requests { try client.send([UInt8(ascii: "T")] + line) }
      received += look(client, upTo: 6, &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: client.reset()
      case 1:
        try client.shutdownSend()
        received += look(client, upTo: 20, &random)
        client.shut()
      default: client.shut()
      }
    } catch {
      // A host that stops serving must show as that, and not as a soak that found nothing wrong.
      outcome.withLock { $0.failures += 1 }
      pause(for: .milliseconds(5))
      return
    }
    check(received, against: line)
  }

  /// What comes in a random short time; a reset is as good an end as any here.
  private func look(_ client: Client, upTo most: Int, _ random: inout RandomSource) -> [UInt8] {
    let time = Duration.milliseconds(Int.random(in: 0...most, using: &random))
    return (try? client.receiveWhatComes(within: time)) ?? []
  }

  private func check(_ received: [UInt8], against line: [UInt8]) {
    var wrong = 0
    for (index, byte) in received.enumerated() where byte != line[index % line.count] { wrong += 1 }
    outcome.withLock {
      $0.connections += 1
      $0.replies += received.count / line.count
      $0.wrongBytes += wrong
      if wrong > 0, $0.firstWrong.isEmpty {
        $0.firstWrong =
          "expected \(String(decoding: line, as: UTF8.self).debugDescription) got "
          + String(decoding: received.prefix(100), as: UTF8.self).debugDescription
      }
    }
  }
}
