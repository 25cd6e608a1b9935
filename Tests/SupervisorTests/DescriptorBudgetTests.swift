// Promise: a configuration for which descriptors do not suffice is refused at the start, with what
// is needed and what can be changed.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct DescriptorBudgetTests {
  @Test("The smallest host needs less than a hundred")
  func smallest() {
    let budget = DescriptorBudget(workerCount: 1, generationCount: 4, socketCount: 1)
    #expect(budget.supervisor == 89)
    #expect(budget.worker == 81)
    #expect(budget.shortage(limit: 89) == nil)
  }

  @Test("Each worker counts in each generation, and once more for a fallback")
  func grows() {
    func need(_ workers: Int, _ generations: Int, _ sockets: Int) -> Int {
      DescriptorBudget(
        workerCount: workers, generationCount: generations, socketCount: sockets
      ).supervisor
    }
    #expect(need(5, 4, 1) - need(4, 4, 1) == 15)
    #expect(need(4, 5, 1) - need(4, 4, 1) == 13)
    #expect(need(4, 4, 9) - need(4, 4, 1) == 16, "each socket, and its copy for a worker")
  }

  @Test("What is needed and allowed is named, and what to change")
  func sentence() throws {
    let budget = DescriptorBudget(workerCount: 2, generationCount: 3, socketCount: 4)
    let shortage = try #require(budget.shortage(limit: 64))
    #expect(
      shortage
        == "103 open files are needed, and only 64 are allowed (for 4 listening sockets, and 2 "
        + "workers in each of 3 generations): raise the limit (ulimit -Hn, LimitNOFILE=), or lower "
        + "--workers, --max-generations or the number of listeners")
  }

  @Test("A worker with many sockets may need more than the supervisor: that counts too")
  func worker() {
    let budget = DescriptorBudget(workerCount: 1, generationCount: 2, socketCount: 300)
    #expect(budget.supervisor > budget.worker)
    #expect(budget.worker == 380)
  }
}
