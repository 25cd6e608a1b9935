// One connection of a drill, from connect to its end.

internal import Foundation

extension DrillLoad {
  /// Connects, asks, and checks every byte that comes back.
  func visit(
    _ server: SocketAddress, _ habit: Habit, _ random: inout RandomSource
  ) -> DrillCount {
    pause(for: .milliseconds(random.below(6)))
    var count = DrillCount()
    count.connections = 1
    var served: Served?
    let start = eras.now
    let began = ContinuousClock.now
    do throws(DrillFault) {
      try converse(server, habit, &random, &count, &served)
    } catch {
      let who = served.map { "\($0.author) of era \($0.era)" } ?? "unknown"
      let circumstances =
        "\(habit) over \(server), served by \(who), began in era \(start), now \(eras.now), "
        + "after \(ContinuousClock.now - began)"
      switch error {
      case .refused(let why):
        count.refused = 1
        count.faults = ["refused: \(why) (\(circumstances))"]
      case .reset(let why):
        count.reset = 1
        count.faults = ["reset: \(why) (\(circumstances))"]
      case .ended(let why), .wrong(let why):
        count.wrong = 1
        count.faults = ["wrong: \(why) (\(circumstances))"]
      }
    }
    return count
  }

  /// Who answered, once that is known.
  private struct Served {
    let author: DrillPlugin
    let era: Int
  }

  private func converse(
    _ server: SocketAddress, _ habit: Habit, _ random: inout RandomSource,
    _ count: inout DrillCount, _ served: inout Served?
  ) throws(DrillFault) {
    let start = eras.now
    let began = ContinuousClock.now
    // Many source addresses: one has 28,000 ports, each of which rests for a minute.
    let source = server.family == AF_UNIX ? nil : "127.0.\(1 + random.below(250)).1"
    let conversation = try DrillConversation(
      server, source: source, receiveBuffer: habit == .slow ? 65536 : nil)
    if habit == .silent { pause(for: .milliseconds(random.below(1500))) }
    let silence = ContinuousClock.now - began
    let id = nextID()
    let byteCount = size(habit, &random)
    try conversation.send("\(id) \(byteCount)\n")
    if habit == .halfClosing { conversation.shutdownSend() }

    guard var line = try conversation.line() else {
      // Its worker drains from the moment that the replacement is on its way.
      if silence >= Self.quietAfter, eras.age(ofEnding: start) != nil {
        count.outlived += 1
        return
      }
      throw .wrong("the server ends without an answer")
    }
    guard let author = DrillPlugin.author(of: line) else {
      throw .wrong("the answer is \(line.debugDescription)")
    }
    guard let era = eras.era(of: author, since: start) else {
      throw .wrong("\(author) answers a client that came when \(eras.last) served")
    }
    served = Served(author: author, era: era)
    if author.closes {
      count.answers += 1
      guard try conversation.line() == nil else { throw .wrong("\(author) does not close") }
      return
    }
    if author == .greeting {
      guard line == "greeting hello" else { throw .wrong("no greeting before \(line)") }
      guard let next = try conversation.line() else {
        if silence >= Self.quietAfter, eras.age(ofEnding: era) != nil {
          count.outlived += 1
          return
        }
        throw .wrong("the server ends after its greeting")
      }
      line = next
    }
    try check(line, author, id, byteCount)
    let gap = habit == .slow ? Duration.milliseconds(random.below(12)) : .zero
    do throws(DrillFault) {
      try conversation.readBody(byteCount: byteCount, gap: gap)
    } catch {
      // A busy machine makes slow readers slower than the deadline allows.
      guard case .ended = error, isPastDeadline(era) else { throw error }
      count.outlived += 1
      return
    }
    count.answers += 1
    switch habit {
    case .brief, .silent, .slow: break
    case .halfClosing:
      guard try conversation.line() == nil else { throw .wrong("\(author) does not close") }
    case .long, .stubborn:
      try goOn(conversation, author, era, habit, &random, &count)
    }
    conversation.shut()
  }

  /// More requests on a connection that stays, one to four in flight.
  private func goOn(
    _ conversation: DrillConversation, _ author: DrillPlugin, _ era: Int, _ habit: Habit,
    _ random: inout RandomSource, _ count: inout DrillCount
  ) throws(DrillFault) {
    let most = habit == .long ? .milliseconds(200 + random.below(2000)) : drainTimeout * 3
    let began = ContinuousClock.now
    while ContinuousClock.now - began < most, !mustLeave {
      let looked = ContinuousClock.now
      pause(for: .milliseconds(habit == .long ? random.below(30) : 100 + random.below(200)))
      let requests = (0...random.below(4)).map { _ in (nextID(), size(habit, &random)) }
      do throws(DrillFault) {
        try conversation.send(requests.map { "\($0) \($1)\n" }.joined())
        for (id, byteCount) in requests {
          guard let line = try conversation.line() else {
            guard isPastDeadline(era) else {
              throw .wrong("the server ends a connection before the drain deadline")
            }
            count.outlived += 1
            return
          }
          try check(line, author, id, byteCount)
          try conversation.readBody(byteCount: byteCount, gap: .zero)
          count.answers += 1
        }
      } catch {
        // After the deadline the host lingers for half a second; who has not looked for so long
        // writes too late.
        guard isPastDeadline(era) else { throw error }
        switch error {
        case .refused, .wrong: throw error
        case .ended: break
        case .reset:
          guard ContinuousClock.now - looked > .milliseconds(450) else { throw error }
        }
        count.outlived += 1
        return
      }
    }
  }

  private func isPastDeadline(_ era: Int) -> Bool {
    eras.age(ofEnding: era).map { $0 >= drainTimeout } ?? false
  }

  private func check(
    _ line: String, _ author: DrillPlugin, _ id: Int, _ byteCount: Int
  ) throws(DrillFault) {
    guard let expected = author.line(id, byteCount: byteCount), line == expected else {
      throw .wrong("\(author) answers request \(id) \(byteCount) with \(line.debugDescription)")
    }
  }

  private func size(_ habit: Habit, _ random: inout RandomSource) -> Int {
    switch habit {
    case .brief, .silent, .halfClosing, .stubborn: random.below(200)
    case .long: random.below(10) == 0 ? random.below(300_000) : random.below(3000)
    case .slow: 500_000 + random.below(3_000_000)
    }
  }
}
