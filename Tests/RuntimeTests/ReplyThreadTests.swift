// Replies, finishes and pauses from other threads, in order and into no other connection.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// Replies from threads that are not the loop's: they wait in the inbox.
@Suite(.timeLimit(.minutes(3)))
struct ReplyThreadTests {
  /// Runs on a thread of its own, and waits for it.
  private static func elsewhere(_ body: @escaping @Sendable () -> Int64) throws -> Int64 {
    let answer = Immortal<Int64>(0)
    let done = SharedNumber()
    try BackgroundThread.start {
      answer.value = body()
      done.value = 1
    }
    done.wait(until: 1)
    return answer.value
  }

  @Test(arguments: [true, false])
  func `A thread's replies arrive with the inbox, in order and whole`(
    allowsShortcuts: Bool
  ) throws {
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let core = test.core
    let row = test.connect()
    let code = test.code(row)
    let threads = 4
    let each = 2000
    let done = SharedNumber()
    let refused = SharedNumber()
    for thread in 0..<threads {
      try BackgroundThread.start {
        for number in 0..<each {
          // Thread, number, and a length that differs; the bytes repeat the number.
          let size = 8 + number % 50
          var bytes = [UInt8(thread), UInt8(size), UInt8(number & 255), UInt8(number >> 8)]
          bytes += Array(repeating: UInt8(number & 255), count: size - 4)
          if reply(code, bytes) < Int64(size) { refused.add(1) }
        }
        done.add(1)
      }
    }
    var own = 0
    while done.value < threads {
      core.value.takeInbox()
      // The loop's own replies come between them, and are not split either.
      var bytes: [UInt8] = [UInt8(threads), 4, UInt8(own & 255), UInt8(own >> 8 & 255)]
      if own < 5000 {
        if reply(code, bytes) < 4 { refused.add(1) }
        own += 1
      }
      bytes = []
    }
    core.value.takeInbox()
    #expect(refused.value == 0)
    let output = test.takeOutput(row)
    var next = Array(repeating: 0, count: threads + 1)
    var at = 0
    while at < output.count {
      let thread = Int(output[at])
      let size = Int(output[at + 1])
      let number = Int(output[at + 2]) | Int(output[at + 3]) << 8
      try #require(thread <= threads && at + size <= output.count, "split at \(at)")
      try #require(number == next[thread], "thread \(thread)'s order")
      try #require(output[at + 4..<at + size].allSatisfy { $0 == output[at + 2] }, "mixed at \(at)")
      next[thread] += 1
      at += size
    }
    #expect(next == Array(repeating: each, count: threads) + [own])
    #expect(core.value.connections[row].inbound == 0)
    #expect(core.value.isThreadWaiting == false)
    #expect(core.value.context.value.replies == UInt64(threads * each + own))
  }

  @Test func `A thread's reply wakes the loop, once for a full inbox`() throws {
    let test = try TestCore()
    let core = test.core
    let code = test.code(test.connect())
    for _ in 0..<2 {
      let answer = try Self.elsewhere { reply(code, [1]) + reply(code, [2]) }
      #expect(answer > 0)
      var count: UInt64 = 0
      #expect(unsafe ck_read(core.value.wake, &count, 8) == 8)
      #expect(count == 1, "the second found somebody in front of it")
      core.value.takeInbox()
      #expect(unsafe ck_read(core.value.wake, &count, 8) < 0, "nothing more")
    }
  }

  @Test func `A thread is told what waits, and its finish makes the reply GONE for everybody`()
    throws
  {
    let test = try TestCore()
    let core = test.core
    let row = test.connect()
    let code = test.code(row)
    #expect(try Self.elsewhere { reply(code, [1, 2, 3]) } == 3)
    #expect(try Self.elsewhere { reply(code, [4, 5]) } == 5)
    #expect(try Self.elsewhere { replyNull(code, length: 0) } == 5)
    #expect(replyNull(code, length: 0) == 5, "the loop is told the same")
    #expect(try Self.elsewhere { reply(code, [6]) } == 6)
    #expect(try Self.elsewhere { replyNull(code, length: finishLength) } == 6)
    #expect(try Self.elsewhere { reply(code, [7]) } == gone)
    #expect(reply(code, [8]) == gone)
    core.value.takeInbox()
    #expect(test.marks(row).contains(.finishing))
    #expect(test.takeOutput(row) == [1, 2, 3, 4, 5, 6])
  }

  @Test func `What threads replied before the loop did comes first`() throws {
    let test = try TestCore()
    let row = test.connect()
    let code = test.code(row)
    #expect(try Self.elsewhere { reply(code, [1]) } == 1)
    #expect(reply(code, [2]) == 2)
    #expect(try Self.elsewhere { reply(code, [3]) } == 3)
    test.core.value.takeInbox()
    #expect(test.takeOutput(row) == [1, 2, 3])
  }

  @Test func `A thread's reply during a call keeps its place between that call's replies`() throws {
    let test = try TestCore()
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let code = unsafe unsafeBitCast(reply, to: UInt.self)
      _ = unsafe reply("a", 1)
      let answer = try? ReplyThreadTests.elsewhere { replyByte(code, 0x62) }
      _ = unsafe reply("c", 1)
      return answer == nil ? -1 : length
    }
    let row = test.connect()
    let call = test.handle(row, [0])
    #expect(call.returned == 8)
    #expect(test.takeOutput(row) + test.staged == Array("abc".utf8))
  }

  @Test func `The limit holds over what waits in the inbox`() throws {
    let test = try TestCore { $0.replyLimit = 1000 }
    let core = test.core
    unsafe core.value.handler.onWritable = { _, _ in }
    let row = test.connect()
    let code = test.code(row)
    let bytes = Array(repeating: UInt8(1), count: 600)
    #expect(try Self.elsewhere { reply(code, bytes) } == 600)
    #expect(try Self.elsewhere { reply(code, bytes) } == full)
    #expect(try Self.elsewhere { reply(code, bytes) } == full)
    #expect(try Self.elsewhere { reply(code, bytes + bytes) } == tooBig)
    #expect(core.value.connections[row].hasInboundFull)
    core.value.takeInbox()
    #expect(test.marks(row).contains(.full))
    #expect(!core.value.connections[row].hasInboundFull)
    #expect(test.waiting(row) == 600)
  }

  @Test func `A wish for a client that has gone meanwhile never reaches the row's next one`() throws
  {
    let test = try TestCore(promises: Promise.forgets)
    let core = test.core
    let row = test.connect()
    let code = test.code(row)
    #expect(try Self.elsewhere { reply(code, [1, 2, 3]) } == 3)
    #expect(try Self.elsewhere { replyNull(code, length: finishLength) } == 3)
    test.disconnect(row)
    let next = test.connect()
    try #require(next == row)
    core.value.takeInbox()
    #expect(test.waiting(next) == 0)
    #expect(test.marks(next).isDisjoint(with: [.finishing, .aborted]))
    #expect(core.value.connections[next].inbound == 0)
  }

  @Test func `An inline handler's reply from another thread is a misuse also during its call`()
    throws
  {
    let test = try TestCore(promises: Promise.inline)
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      let code = unsafe unsafeBitCast(reply, to: UInt.self)
      let answer = (try? ReplyThreadTests.elsewhere { replyByte(code, 1) }) ?? 0
      unsafe answers.storeBytes(of: answer, as: Int64.self)
      return length
    }
    let row = test.connect()
    let call = test.handle(row, [0])
    #expect(call.numbers == [misuse])
    #expect(test.misused == 1)
    #expect(test.core.value.isThreadWaiting == false)
    #expect(test.staged.isEmpty)
  }

  @Test func `Threads that reply while clients come and go harm nobody`() throws {
    // A small limit, or the threads fill the inbox faster than it can be looked at.
    let test = try TestCore { $0.replyLimit = 800 }
    let core = test.core
    let code = Immortal<UInt>(0)
    let stop = SharedNumber()
    let done = SharedNumber()
    let row = test.connect()
    code.value = test.code(row)
    for _ in 0..<2 {
      try BackgroundThread.start {
        while stop.value == 0 {
          // The code's low half as its own witness: it must reach the client of that code only.
          let present = code.value
          let bytes = unsafe withUnsafeBytes(of: present) { unsafe Array($0) }
          _ = reply(present, bytes)
        }
        done.add(1)
      }
    }
    var received = 0
    for round in 0..<3000 {
      for _ in 0..<round % 20 { sched_yield() }
      core.value.takeInbox()
      let output = test.takeOutput(row)
      let own = unsafe withUnsafeBytes(of: test.code(row)) { unsafe Array($0) }
      try #require(output.count % 8 == 0)
      for at in stride(from: 0, to: output.count, by: 8) {
        guard Array(output[at..<at + 8]) == own else {
          stop.value = 1
          Issue.record("another client's bytes")
          return
        }
      }
      received += output.count / 8
      test.disconnect(row)
      let next = test.connect()
      try #require(next == row)
      code.value = test.code(row)
    }
    stop.value = 1
    done.wait(until: 2)
    #expect(received > 0)
  }
}

/// One byte, from C closures that cannot build an array of a captured value.
func replyByte(_ code: UInt, _ byte: UInt8) -> Int64 { reply(code, [byte]) }
