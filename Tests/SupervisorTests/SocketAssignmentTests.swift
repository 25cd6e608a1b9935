// Promise: every listener socket is polled, as long as there is a ready worker: one of several by
// exactly one, one that is alone by all.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct SocketAssignmentTests {
  private func assign(_ listeners: Int, _ sockets: Int, _ ready: Set<Int>) -> [Int: [UInt16]] {
    assign(Array(repeating: sockets, count: listeners), ready)
  }

  private func assign(_ counts: [Int], _ ready: Set<Int>) -> [Int: [UInt16]] {
    SocketAssignment.sockets(of: counts, readyWorkers: ready)
  }

  @Test("Each worker polls its own socket of every listener")
  func ownSockets() {
    #expect(assign(2, 3, [0, 1, 2]) == [0: [0, 3], 1: [1, 4], 2: [2, 5]])
  }

  @Test("A single worker polls all sockets")
  func singleWorker() { #expect(assign(1, 4, [0]) == [0: [0, 1, 2, 3]]) }

  @Test("The sockets of workers that are not ready go to the others in turn")
  func orphans() { #expect(assign(1, 4, [1, 2]) == [1: [0, 1], 2: [2, 3]]) }

  @Test("A socket that is alone is polled by every worker")
  func single() {
    let counts = [1, 2, 1, 1]
    #expect(assign(counts, [0, 1]) == [0: [0, 1, 3, 4], 1: [0, 2, 3, 4]])
    #expect(assign(counts, [1]) == [1: [0, 1, 2, 3, 4]])
    #expect(assign([1], [2, 3]) == [2: [0], 3: [0]])
    #expect(assign([1], []).isEmpty)
  }

  @Test("Without a ready worker nobody polls anything")
  func nobody() { #expect(assign(1, 4, []).isEmpty) }

  @Test("Whoever is ready, each socket has one owner, and a ready worker keeps its own")
  func complete() {
    var generator = SeededGenerator(test: "SocketAssignment")
    for _ in 0..<500 {
      let listeners = Int.random(in: 1...4, using: &generator)
      let count = Int.random(in: 2...16, using: &generator)
      let singles = Int.random(in: 0...20, using: &generator)
      let ready = Set((0..<count).filter { _ in Bool.random(using: &generator) })
      let assigned = assign(
        Array(repeating: count, count: listeners) + Array(repeating: 1, count: singles),
        ready)
      #expect(Set(assigned.keys) == ready)
      guard !ready.isEmpty else { continue }
      let alone = UInt16(listeners * count)
      #expect(
        assigned.values.flatMap { $0.filter { $0 < alone } }.sorted() == (0..<alone).map(\.self))
      for sockets in assigned.values { #expect(sockets.filter { $0 >= alone }.count == singles) }
      for worker in ready {
        for listener in 0..<listeners {
          #expect(assigned[worker]?.contains(UInt16(listener * count + worker)) == true)
        }
      }
    }
  }
}
