// Clients that insist: whoever is cut off in mid-connection asks again, and each question counts
// until it is answered. For drills in which workers die all the time.

internal import Foundation
internal import Synchronization

/// Load on a host whose workers are being killed.
package final class StampedeLoad: Sendable {
  /// What the clients have seen.
  package struct Count: Sendable, CustomStringConvertible {
    /// Questions that were answered, rightly.
    package var answers = 0
    /// Connections that ended with their question unanswered, and datagrams that were sent again.
    package var cut = 0
    package var resent = 0
    package var refused = 0
    package var wrong = 0
    package var faults: [String] = []

    package var description: String {
      "answers \(answers), cut \(cut), sent again \(resent), refused \(refused), wrong \(wrong)"
        + (faults.isEmpty ? "" : "; such as:\n  " + faults.joined(separator: "\n  "))
    }
  }

  /// Longer than a worker's place ever stays empty in a drill.
  private static let patience = Duration.seconds(40)

  private let isStopping = Atomic<Bool>(false)
  private let running = Atomic<Int>(0)
  private let total = Mutex(Count())

  /// Starts four threads for each stream and two for each listener of datagrams. The host echoes.
  package init(streams: [SocketAddress], datagrams: [SocketAddress]) {
    func start(_ body: @escaping @Sendable (StampedeLoad, String, inout Count) throws -> Void) {
      let number = running.wrappingAdd(1, ordering: .relaxed).newValue
      Thread { [self] in
        var round = 0
        while !isStopping.load(ordering: .relaxed) {
          round += 1
          insist("client \(number) question \(round)", body)
          pause(for: .milliseconds(2))
        }
        running.wrappingSubtract(1, ordering: .releasing)
      }.start()
    }
    for server in streams {
      for _ in 0..<4 { start { load, text, count in try load.ask(server, text, &count) } }
    }
    for server in datagrams {
      for _ in 0..<2 { start { load, text, count in try load.send(server, text, &count) } }
    }
  }

  package var count: Count { total.withLock { $0 } }

  /// Tells every client to leave once it is answered, and waits for that.
  package func stop() throws -> Count {
    isStopping.store(true, ordering: .relaxed)
    let haveLeft = eventually(within: Self.patience + .seconds(5)) {
      running.load(ordering: .acquiring) == 0
    }
    guard haveLeft else { throw Failure("clients of the stampede do not end: \(count)") }
    return count
  }

  private func insist(
    _ text: String, _ body: (StampedeLoad, String, inout Count) throws -> Void
  ) {
    var count = Count()
    do {
      try body(self, text, &count)
    } catch {
      count.wrong += 1
      count.faults.append("\(text): \(error)")
    }
    total.withLock {
      $0.answers += count.answers
      $0.cut += count.cut
      $0.resent += count.resent
      $0.refused += count.refused
      $0.wrong += count.wrong
      $0.faults = Array(($0.faults + count.faults).prefix(8))
    }
  }

  private func ask(_ server: SocketAddress, _ text: String, _ count: inout Count) throws {
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      let client: Client
      do {
        client = try Client(server)
      } catch {
        count.refused += 1
        count.faults.append("\(error)")
        pause(for: .milliseconds(20))
        continue
      }
      guard let answer = try answer(of: client, to: text, until: end) else {
        count.cut += 1
        continue
      }
      guard answer == text else { throw Failure("the answer is \(answer.debugDescription)") }
      count.answers += 1
      return
    }
    throw Failure("not answered within \(Self.patience)")
  }

  /// Nil when the connection ends first, in whatever way.
  private func answer(
    of client: Client, to text: String, until end: ContinuousClock.Instant
  ) throws -> String? {
    guard (try? client.send(text)) != nil else { return nil }
    var received: [UInt8] = []
    while received.count < text.utf8.count {
      do {
        guard let some = try client.receive() else { return nil }
        received += some
      } catch {
        // A reset; or nothing for a while, which is waited for.
        guard "\(error)".hasPrefix("nothing") else { return nil }
        guard ContinuousClock.now < end else { throw error }
      }
    }
    return String(decoding: received, as: UTF8.self)
  }

  private func send(_ server: SocketAddress, _ text: String, _ count: inout Count) throws {
    let client = try DatagramClient(server)
    let end = ContinuousClock.now + Self.patience
    while ContinuousClock.now < end {
      try client.send(text)
      if let answer = try client.receiveIfAny(within: .milliseconds(300)) {
        guard answer.text == text else { throw Failure("the answer is \(answer.text)") }
        count.answers += 1
        return
      }
      count.resent += 1
    }
    throw Failure("no datagram was answered within \(Self.patience)")
  }
}
