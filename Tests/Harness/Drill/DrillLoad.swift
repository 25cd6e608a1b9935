// The clients of a drill: threads that connect, ask, check what they are told and leave, each in a
// way of its own, over streams and datagrams, until they are told to stop.

internal import Foundation
internal import Synchronization

/// Load on a running host, and what became of it.
package final class DrillLoad: Sendable {
  /// How a client of a stream behaves.
  enum Habit: Sendable, CaseIterable {
    /// Connects, asks, leaves.
    case brief
    /// Connects and is silent for a while before it asks.
    case silent
    /// Asks, ends its own side, and reads to the end.
    case halfClosing
    /// Many requests, some in flight at once, over several reloads.
    case long
    /// Reads a large answer slowly.
    case slow
    /// Asks on until the host ends the connection.
    case stubborn
  }

  /// A drained connection of an INLINE handler that has been silent for a second may be ended.
  static let quietAfter = Duration.milliseconds(900)

  let eras: DrillEras
  let drainTimeout: Duration
  private let ids = Atomic<Int>(1)
  private let isStopping = Atomic<Bool>(false)
  private let total = Mutex(DrillCount())
  private let running = Atomic<Int>(0)

  /// Starts threads: some for each stream in `streams`, two for each in `datagrams`.
  package init(
    streams: [SocketAddress], datagrams: [SocketAddress], eras: DrillEras, drainTimeout: Duration,
    seed: UInt64
  ) {
    self.eras = eras
    self.drainTimeout = drainTimeout
    var number: UInt64 = 0
    func start(_ body: @escaping @Sendable (DrillLoad, inout RandomSource) -> DrillCount) {
      number += 1
      let source = RandomSource(seed: seed &+ number &* 7919)
      running.wrappingAdd(1, ordering: .relaxed)
      Thread { [self] in
        var random = source
        while !isStopping.load(ordering: .relaxed) {
          let count = body(self, &random)
          total.withLock { $0.add(count) }
        }
        running.wrappingSubtract(1, ordering: .releasing)
      }.start()
    }
    for server in streams {
      for habit in Habit.allCases + [.brief, .brief, .long, .slow] {
        start { load, random in load.visit(server, habit, &random) }
      }
    }
    for server in datagrams {
      for _ in 0..<2 { start { load, random in load.ask(server, &random) } }
    }
  }

  /// So far.
  package var count: DrillCount { total.withLock { $0 } }

  /// Tells every client to leave when it is done, and waits for that.
  package func stop() throws -> DrillCount {
    isStopping.store(true, ordering: .relaxed)
    guard eventually(within: .seconds(30), { running.load(ordering: .acquiring) == 0 }) else {
      throw Failure("clients of the drill do not end: \(count)")
    }
    return count
  }

  var mustLeave: Bool { isStopping.load(ordering: .relaxed) }

  func nextID() -> Int { ids.wrappingAdd(1, ordering: .relaxed).newValue }

  /// A few datagrams at once, each of which must be answered.
  private func ask(_ server: SocketAddress, _ random: inout RandomSource) -> DrillCount {
    var count = DrillCount()
    pause(for: .milliseconds(random.below(4)))
    let (start, began) = (eras.now, ContinuousClock.now)
    var waiting = Set((0...random.below(16)).map { _ in nextID() })
    count.datagrams = waiting.count
    let asked = waiting.count
    // Some plugins do not say which datagram they answer, and a burst may reach two plugins.
    var unnamedAnswers = 0
    do {
      let client = try DatagramClient(server)
      for id in waiting { try client.send("\(id) 0\n") }
      for _ in 0..<asked {
        guard let answer = try client.receiveIfAny(within: .seconds(3)) else { break }
        let text = answer.text
        let line = text.hasSuffix("\n") ? text.dropLast() : text[...]
        guard let author = DrillPlugin.author(of: line), eras.era(of: author, since: start) != nil
        else {
          count.wrong += 1
          count.faults.append("wrong: a datagram was answered with \(text.debugDescription)")
          continue
        }
        if author.closes {
          unnamedAnswers += 1
          continue
        }
        let id = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
        let isRight =
          waiting.remove(id) != nil && author.line(id, byteCount: 0) == String(line)
        if !isRight {
          count.wrong += 1
          count.faults.append("wrong: nobody had asked for \(text.debugDescription)")
        }
      }
    } catch {
      count.faults.append("error: \(error)")
    }
    count.lostDatagrams = max(0, waiting.count - unnamedAnswers)
    if count.lostDatagrams > 0 {
      count.faults.append(
        "lost: \(count.lostDatagrams) datagrams of \(asked), sent in era \(start), "
          + "now \(eras.now), after \(ContinuousClock.now - began)")
    }
    if unnamedAnswers > waiting.count {
      count.wrong += 1
      count.faults.append("wrong: \(unnamedAnswers - waiting.count) answers too many")
    }
    return count
  }
}
