// Promise: all workers together stay within a quarter of the machine unless somebody says
// otherwise, and a worker never takes more connections than it has descriptors for.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerBudgetTests {
  private func budget(
    limit: Int? = nil, machine: Int? = 8 << 30, workers: Int = 1, descriptors: Int = 1 << 20,
    sockets: Int = 1
  ) -> WorkerBudget {
    WorkerBudget(
      memoryLimit: limit.map { ByteCount($0) }, machineMemory: machine, workerCount: workers,
      descriptorLimit: descriptors, socketCount: sockets)
  }

  @Test("Without a limit the workers share a quarter of the memory")
  func shares() {
    #expect(budget().memory == 2 << 30)
    #expect(budget(workers: 4).memory == 512 << 20)
    #expect(budget(machine: 1 << 20).memory == WorkerBudget.minimumMemory)
    #expect(budget(machine: nil).memory == 256 << 20)
  }

  @Test("A limit that was asked for is each worker's own")
  func asked() { #expect(budget(limit: 100 << 20, workers: 4).memory == 100 << 20) }

  @Test("The buffers are as large, in whole mebibytes and within bounds")
  func buffers() {
    #expect(budget(limit: 100 << 20).buffers == 100 << 20)
    #expect(budget(limit: (100 << 20) + 1).buffers == 101 << 20)
    #expect(budget(limit: 1 << 40).buffers == 64 << 30)
    #expect(budget(machine: 0).buffers == 16 << 20)
  }

  @Test("Connections are what descriptors suffice for, in a table of bearable size")
  func connections() {
    #expect(budget(descriptors: 1024, sockets: 10).connections == 950)
    #expect(budget(descriptors: 1 << 20).connections == 100_000)
    #expect(budget(descriptors: 64, sockets: 100).connections == 16)
  }
}
