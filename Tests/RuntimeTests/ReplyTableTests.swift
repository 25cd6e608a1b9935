// Which reply addresses are issued, and when one may be issued again.

internal import CFFI
internal import CKernel
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct ReplyTableTests {
  @Test(arguments: [true, false])
  func `Under never no address is issued twice`(allowsShortcuts: Bool) throws {
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let replies = test.core
    // Allocating one by one is quadratic in libffi: three chunks of those have to do.
    let count = allowsShortcuts ? 20_000 : 3 * ReplyChunk.count
    var seen: Set<UInt> = []
    for number in 0..<count {
      let issued = replies.value.replies.issue(row: number % 64)
      let slot = try #require(issued)
      let code = replies.value.replies.code(slot)
      try #require(seen.insert(code).inserted, "issued twice after \(number)")
      replies.value.replies.kill(slot)
      replies.value.replies.retire(slot)
      if number % 64 == 0 { replies.value.replies.replenish() }
    }
    #expect(replies.value.replies.issued == count)
  }

  @Test(arguments: [
    (Promise.forgets, true), (Promise.forgets, false), (Promise.inline, true),
    (Promise.inline, false),
  ])
  func `With a promise addresses come back first in first out behind a long queue`(
    promises: UInt64, allowsShortcuts: Bool
  ) throws {
    var random = SplitMix64(for: "ReplyTable FIFO \(promises) \(allowsShortcuts)")
    let test = try TestCore(promises: promises, allowsShortcuts: allowsShortcuts)
    let core = test.core
    core.value.replies.replenish()
    var live: [ReplySlot.Index] = []
    var resting: [UInt] = []
    var firstResting = 0
    var retiredAt: [UInt: Int] = [:]
    var issues = 0
    var reissues = 0
    while issues < 20_000 {
      if live.isEmpty || (random.below(2) == 0 && live.count < 60) {
        let issued = core.value.replies.issue(row: 1)
        let slot = try #require(issued)
        let code = core.value.replies.code(slot)
        if let at = retiredAt.removeValue(forKey: code) {
          reissues += 1
          let rest = issues - at
          try #require(rest >= ReplyChunk.count / 4, "it rested for \(rest) issues only")
          try #require(code == resting[firstResting], "it overtook another")
          firstResting += 1
        }
        issues += 1
        live.append(slot)
      } else {
        let slot = live.remove(at: random.below(live.count))
        let code = core.value.replies.code(slot)
        core.value.replies.kill(slot)
        core.value.replies.retire(slot)
        retiredAt[code] = issues
        resting.append(code)
      }
      core.value.replies.replenish()
    }
    #expect(reissues > 10_000, "the memory is used again")
    #expect(core.value.replies.issued <= 2 * ReplyChunk.count, "and does not grow with the clients")
  }

  @Test func `A strict host issues nothing twice whatever was promised`() throws {
    let test = try TestCore(promises: Promise.inline | Promise.forgets)
    #expect(test.core.value.handler.reissue(isStrict: true) == .never)
    #expect(test.core.value.handler.reissue(isStrict: false) == .inertOutsideCall)
    test.core.value.handler.flags = Promise.forgets
    #expect(test.core.value.handler.reissue(isStrict: false) == .afterClose)
    test.core.value.handler.flags = 0
    #expect(test.core.value.handler.reissue(isStrict: false) == .never)
  }

  @Test func `A slot with a call inside is not issued again until the call has left`() throws {
    let test = try TestCore(promises: Promise.forgets)
    let core = test.core
    let row = test.connect()
    let slot = core.value.connections[row].slot
    let held = test.code(row)
    let entered = SharedNumber()
    let left = SharedNumber()
    let answer = SharedNumber()
    var seen: [UInt: Int] = [:]
    try core.value.inbox.withLock { () -> Result<Void, any Error> in
      Result {
        try BackgroundThread.start {
          entered.value = 1
          answer.value = UInt32(bitPattern: Int32(reply(held, [1, 2, 3])))
          left.value = 1
        }
        entered.wait(until: 1)
        // The thread is counted in, and waits for the lock.
        while unsafe ck_load_u32(&core.value.replies.slot(slot).pointee.word)
          < ReplySlot.State.call
        {
          sched_yield()
        }
        core.value.replies.kill(slot)
        core.value.replies.retire(slot)
        core.value.connections[row].slot = .none
        for _ in 0..<3 * ReplyChunk.count {
          let issued = core.value.replies.issue(row: 2)
          let other = try #require(issued)
          let code = core.value.replies.code(other)
          seen[code, default: 0] += 1
          try #require(code != held, "issued under a call")
          core.value.replies.kill(other)
          core.value.replies.retire(other)
        }
      }
    }.get()
    left.wait(until: 1)
    #expect(seen.values.contains { $0 > 1 }, "others were issued again meanwhile")
    #expect(Int32(bitPattern: answer.value) == Int32(gone), "it died before the lock was free")
    var isBack = false
    for _ in 0..<3 * ReplyChunk.count where !isBack {
      let issued = core.value.replies.issue(row: 2)
      let other = try #require(issued)
      isBack = core.value.replies.code(other) == held
      core.value.replies.kill(other)
      core.value.replies.retire(other)
    }
    #expect(isBack, "it is not lost either")
  }

  @Test(arguments: [true, false])
  func `Every issued reply is found by its code address, and a wild one is not`(
    allowsShortcuts: Bool
  ) throws {
    var random = SplitMix64(for: "ReplyTable find \(allowsShortcuts)")
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let core = test.core
    var codes: Set<UInt> = []
    let count = ReplyChunk.count * 2 + 10
    for number in 0..<count {
      let issued = core.value.replies.issue(row: number % 64)
      let slot = try #require(issued)
      let code = core.value.replies.code(slot)
      codes.insert(code)
      // The search of single closures is linear: not each of them.
      if allowsShortcuts || number % 97 == 0 || number >= count - 10 {
        let found = unsafe core.value.replies.find(code: code)
        try #require(unsafe found == core.value.replies.slot(slot), "number \(number)")
      }
    }
    #expect(codes.count == count)
    var wild: [UInt] = [0, 1, .max, 0x7001, codes.min()! - 1]
    for code in codes.shuffled(using: &random).prefix(100) {
      wild += [code + 1, code - 1, code + 4]
    }
    for _ in 0..<100 { wild.append(UInt(random.next())) }
    let local = 0
    unsafe withUnsafePointer(to: local) { wild.append(UInt(bitPattern: $0)) }
    for address in wild where !codes.contains(address) {
      let found = unsafe core.value.replies.find(code: address)
      #expect(unsafe found == nil, "\(address)")
    }
  }

  @Test func `A trampoline that is not the known one is left as it is`() {
    let closure = UnsafeMutableRawBufferPointer.allocate(
      byteCount: cffi_closure_size(), alignment: 16)
    defer { unsafe closure.deallocate() }
    for byte in [0, 0xF3, 0xFF] as [UInt8] {
      unsafe closure.initializeMemory(as: UInt8.self, repeating: byte)
      #expect(unsafe cffi_shorten_closure(closure.baseAddress, enterReply) == -1)
      #expect(unsafe closure.allSatisfy { $0 == byte })
    }
  }

  @Test func `A factory that may not carve allocates each closure alone`() throws {
    for allowsShortcuts in [true, false] {
      let factory = ReplyChunkFactory(allowsShortcuts: allowsShortcuts)
      let test = try TestCore()
      let made = factory.make(firstIndex: 0, context: test.core.value.context)
      let chunk = try #require(made)
      let stride = unsafe chunk.head.pointee.codeStride
      #expect((stride != 0) == factory.canCarve)
      if !allowsShortcuts { #expect(stride == 0 && !factory.canShorten) }
      let codes = Set((0..<ReplyChunk.count).map { chunk.code(at: $0) })
      #expect(codes.count == ReplyChunk.count)
    }
  }

  @Test func `A reply finished twice from two threads at once is finished, not revived`() throws {
    let test = try TestCore(promises: Promise.forgets)
    let core = test.core
    let rounds: UInt32 = 20_000
    let go = SharedNumber()
    let done = SharedNumber()
    let code = Immortal<UInt>(0)
    try BackgroundThread.start {
      var round: UInt32 = 0
      while round != .max {
        var spins = 0
        while go.value == round {
          spins += 1
          if spins % 1000 == 0 { sched_yield() }
        }
        round = go.value
        if round != .max { _ = replyNull(code.value, length: finishLength) }
        done.value = round
      }
    }
    var revived = 0
    let clock = ContinuousClock()
    let end = clock.now + .seconds(3)
    var played = 0
    for round in 1...rounds {
      if clock.now >= end { break }
      let row = test.connect()
      code.value = test.code(row)
      go.value = round
      // A little later each time, so that the two meet at every place of the path.
      for _ in 0..<(round % 200) { _ = go.value }
      _ = replyNull(code.value, length: finishLength)
      done.wait(until: round)
      played += 1
      let word = unsafe core.value.replies.slot(core.value.connections[row].slot).pointee.word
      let answer = reply(test.code(row), [1])
      if word & ReplySlot.State.mask != ReplySlot.State.closing || answer != gone { revived += 1 }
      core.value.takeInbox()
      test.disconnect(row)
    }
    go.value = .max
    done.wait(until: .max)
    #expect(played > 10)
    #expect(revived == 0, "of \(played) rounds: the slot's state was added to twice")
  }
}
