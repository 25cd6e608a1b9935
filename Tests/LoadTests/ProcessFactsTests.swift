// Promise: the time of a server is that of its processes, however they are named, and of nobody
// else's.

import Foundation
import Harness
import Testing

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct ProcessFactsTests {
  private func facts(_ pid: Int32, parent: Int32, name: String = "x") -> ProcessFacts {
    let text = "\(pid) (\(name)) S \(parent) 0 0 0 0 0 0 0 0 0 30 12 0 0 20 0 1 0 4711 0 0"
    return ProcessFacts(pid: pid, stat: Array(text.utf8))!
  }

  @Test func `A name may hold anything`() {
    let facts = facts(5, parent: 1, name: "a) (b S 9")
    #expect(facts.name == "a) (b S 9")
    #expect(facts.parent == 1 && facts.ticks == 42 && facts.startTime == 4711)
  }

  @Test func `A zombie and half a line are nobody`() {
    let zombie = "5 (x) Z 1 0 0 0 0 0 0 0 0 0 30 12 0 0 20 0 1 0 4711 0 0"
    #expect(ProcessFacts(pid: 5, stat: Array(zombie.utf8)) == nil)
    #expect(ProcessFacts(pid: 5, stat: Array("5 (x) S 1".utf8)) == nil)
    #expect(ProcessFacts(pid: 5, stat: []) == nil)
  }

  @Test func `A family is a process and all that descend from it, each once`() {
    let all = [
      facts(2, parent: 1), facts(3, parent: 2), facts(4, parent: 3), facts(5, parent: 1),
      facts(6, parent: 5),
    ]
    #expect(ProcessFacts.family(of: [2], among: all).map(\.pid) == [2, 3, 4])
    #expect(ProcessFacts.family(of: [2, 3, 5], among: all).map(\.pid) == [2, 3, 4, 5, 6])
    #expect(ProcessFacts.family(of: [9], among: all) == [])
  }

  @Test func `Time on a processor is the first number of schedstat`() {
    #expect(ProcessFacts.runTime_ns(schedstat: Array("12345 678 9\n".utf8)) == 12345)
    #expect(ProcessFacts.runTime_ns(schedstat: []) == nil)
  }

  @Test func `A process that works uses more and more of a processor`() throws {
    // Not this very process: threads of other tests end in it, and take their time along.
    let busy = try Child(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "while :; do :; done"])
    let reading = ServerTime.Reading(of: [busy.pid])
    let hasWorked = eventually {
      reading.now().processes.contains { $0.processorTime_ns > 1_000_000 }
    }
    #expect(hasWorked)
    busy.send(SIGKILL)
  }
}
