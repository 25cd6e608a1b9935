// Whatever a handler writes into the file that all workers count in: counting it ends, it traps
// nobody, no worker's own count is changed by it, and once the supervisor has wiped the cell of the
// culprit all counts are exact again.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct TallyDamageTests {
  /// A worker, and what it should have.
  private struct Model {
    var tally: TallyMember
    var open: [UInt64] = []
  }

  @Test func `Random garbage in every cell changes no worker's own count`() throws {
    var random = SplitMix64(for: "garbage in every cell")
    for _ in 0..<20 {
      let host = try TallyHost(workers: 3, addresses: 128, seed: random.next())
      var workers = try (0..<3).map { Model(tally: try host.worker($0)) }
      for _ in 0..<600 {
        if random.below(4) == 0 { host.damage(random.below(3), &random) }
        let index = random.below(3)
        var worker = workers[index]
        if worker.open.isEmpty || (worker.open.count < 128 && random.below(3) > 0) {
          // The limits are so high that garbage, which counts as a full worker, keeps nobody out.
          let key = UInt64(random.below(150))
          try #require(worker.tally.enter(limit: 3 * TallyHost.capacity))
          try #require(worker.tally.enter(key, limit: 3 * TallyHost.capacity))
          worker.open.append(key)
        } else {
          worker.tally.leave()
          worker.tally.leave(worker.open.remove(at: random.below(worker.open.count)))
        }
        try #require(worker.tally.total >= worker.open.count)
        try #require(worker.tally.total <= worker.open.count + 2 * TallyHost.capacity)
        workers[index] = worker
      }
      // The others have died, and their cells are wiped: what is left is exact.
      try host.wipe(1)
      try host.wipe(2)
      let survivor = workers[0]
      #expect(survivor.tally.total == survivor.open.count)
      for key in Set(survivor.open) {
        let count = survivor.open.count { $0 == key }
        #expect(!survivor.tally.enter(key, limit: count))
        #expect(survivor.tally.enter(key, limit: count + 1))
        survivor.tally.leave(key)
      }
    }
  }

  @Test func `What was overwritten is as it was once its worker counts there`() throws {
    let host = try TallyHost(workers: 2, addresses: 128, seed: 7)
    let (one, two) = (try host.worker(0), try host.worker(1))
    for key in 0..<50 as Range<UInt64> {
      #expect(one.enter(limit: 1000) && one.enter(key, limit: 9))
    }
    let whole = host.cell(0)
    for byte in [0, 0x11, 0xFF] as [UInt8] {
      host.fill(0, with: byte)
      #expect(byte == 0 || !two.enter(limit: 100), "garbage counts as a full worker")
      #expect(one.enter(limit: 1000) && one.enter(3, limit: 9))
      one.leave()
      one.leave(3)
      #expect(two.total == 50)
      #expect(!two.enter(3, limit: 1) && two.enter(3, limit: 2))
      two.leave(3)
    }
    // But for the number of changes, and what was never a count.
    let entries = TallyLayout.pageByteCount...
    // Compared here, since a failure would print all of it.
    let hasTable = host.cell(0)[entries] == whole[entries]
    let hasCount = host.cell(0)[0..<4] == whole[0..<4]
    #expect(hasTable && hasCount)
  }

  @Test func `A count that its worker cannot have counts as a full worker`() throws {
    let host = try TallyHost(workers: 3, addresses: 0, seed: 1)
    let worker = try host.worker(0)
    for cell in 1..<3 { host.store(UInt32.max, at: host.layout.offset(ofCell: cell)) }
    #expect(worker.total == 2 * TallyHost.capacity)
    #expect(!worker.enter(limit: 2 * TallyHost.capacity))
    #expect(worker.enter(limit: 2 * TallyHost.capacity + 1))
  }

  @Test func `A header of garbage is no way out of the file`() throws {
    let host = try TallyHost(workers: 4, addresses: 100, seed: .max)
    let worker = try host.worker(3)
    #expect(worker.enter(limit: 1) && worker.enter(9, limit: 1))
    for cells in [0, 1, 4, 5, .max] as [UInt32] {
      host.store(cells, at: TallyLayout.cellsInUseOffset)
      host.store(UInt64(cells) << 32, at: TallyLayout.seedOffset)
      #expect(worker.total == 1)
      #expect(!worker.enter(9, limit: 1) && worker.enter(9, limit: 2))
      worker.leave(9)
    }
  }

  /// Of this thread: what others of the machine do takes none of it.
  private func processorTime() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  @Test func `Forty cells of the worst garbage cost a client some milliseconds`() throws {
    let host = try TallyHost(workers: 40, addresses: 20_000, seed: 3)
    let worker = try host.worker(0)
    for cell in 1..<40 {
      host.fillTable(cell, count: 1)
      // A change that never ends.
      host.store(UInt32(1), at: host.layout.offset(ofCell: cell) + TallyLayout.sequenceOffset)
    }
    let start = processorTime()
    // No table has it, so that every one is searched.
    for _ in 0..<500 {
      #expect(worker.enter(.max, limit: 1))
      worker.leave(.max)
    }
    let time = processorTime() - start
    print("500 searches of 39 cells take \(time)")
    #expect(time < .seconds(8))
  }

  @Test func `Nobody is as far from home as a search goes`() throws {
    var random = SplitMix64(for: "far from home")
    let hash = AddressHash(
      seed: random.next(),
      entryCount: TallyLayout(cellCount: 1, addressCapacity: 100_000).entryCount)
    var isTaken = [Bool](repeating: false, count: hash.entryCount)
    var farthest = 0
    // Addresses that follow each other, as those of a network do.
    for key in 0..<100_000 as Range<UInt64> {
      let home = hash.home(0x8000_0A00_0000_0000 + key)
      var place = home
      while isTaken[place] { place = hash.next(place) }
      isTaken[place] = true
      farthest = max(farthest, hash.distance(from: home, to: place))
    }
    #expect(farthest < SiblingCell.longestRun / 4, "\(farthest)")
    print("the farthest of 100,000 addresses is \(farthest) entries from home")
  }
}
