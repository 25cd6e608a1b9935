// What reply answers, called through libffi as a handler calls it.

internal import CPortico
internal import Control
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// What a reply answers, called as handlers call it: by its code address, through libffi, on the
/// loop's thread. Both ways of making closures.
@Suite(.timeLimit(.minutes(3)))
struct ReplyAnswerTests {
  @Test(arguments: [true, false])
  func `A dead reply answers GONE and is counted, however often`(allowsShortcuts: Bool) throws {
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let row = test.connect()
    let code = test.code(row)
    test.disconnect(row)
    for count in 1...100 as ClosedRange<UInt64> {
      let answer = reply(code, [1])
      try #require(answer == gone)
      let stale = test.stale
      try #require(stale == count)
    }
    #expect(replyNull(code, length: 0) == gone)
    #expect(replyNull(code, length: finishLength) == gone)
    #expect(test.misused == 0)
  }

  @Test(arguments: [true, false])
  func `A dead reply's bytes never reach the row's next client`(allowsShortcuts: Bool) throws {
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let first = test.connect()
    let old = test.code(first)
    test.disconnect(first)
    let second = test.connect()
    try #require(second == first, "the row is used again")
    #expect(test.code(second) != old)
    #expect(reply(old, [1, 2, 3]) == gone)
    #expect(replyNull(old, length: finishLength) == gone)
    #expect(test.waiting(second) == 0)
    #expect(test.marks(second).isEmpty)
    #expect(reply(test.code(second), [4]) == 1)
  }

  @Test(arguments: [true, false])
  func `A live reply outside a call queues the very bytes`(allowsShortcuts: Bool) throws {
    var random = SplitMix64(for: "replies outside a call")
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    var expected: [Int: [UInt8]] = [:]
    for _ in 0..<40 { expected[test.connect()] = [] }
    for _ in 0..<1000 {
      let row = random.below(40)
      let bytes = random.bytes(1 + random.below(random.below(50) == 0 ? 100_000 : 300))
      expected[row]! += bytes
      let answer = reply(test.code(row), bytes)
      try #require(answer == expected[row]!.count, "it answers what waits")
      try #require(test.marks(row).contains(.dirty), "the end of the tick must look at it")
    }
    for (row, bytes) in expected {
      let output = test.takeOutput(row)
      #expect(output == bytes, "row \(row)")
    }
    #expect(test.core.value.context.value.replies == 1000)
    #expect(test.stale == 0)
    #expect(test.misused == 0)
  }

  @Test(arguments: [true, false])
  func `A finish answers what waits, and after it everything is GONE`(
    allowsShortcuts: Bool
  ) throws {
    let test = try TestCore(allowsShortcuts: allowsShortcuts)
    let row = test.connect()
    let code = test.code(row)
    #expect(reply(code, [1, 2, 3]) == 3)
    #expect(replyNull(code, length: finishLength) == 3)
    #expect(test.marks(row).contains(.finishing))
    #expect(test.marks(row).contains(.dirty))
    #expect(reply(code, [4]) == gone)
    #expect(replyNull(code, length: 0) == gone)
    #expect(replyNull(code, length: finishLength) == gone)
    #expect(test.takeOutput(row) == [1, 2, 3], "what came before it still goes out")
    #expect(test.stale == 0, "the connection is not closed yet: nothing is stale")
  }

  @Test func `NULL with length 0 is harmless and answers what waits`() throws {
    let test = try TestCore()
    let row = test.connect()
    let code = test.code(row)
    #expect(replyNull(code, length: 0) == 0)
    #expect(reply(code, [1, 2]) == 2)
    #expect(replyNull(code, length: 0) == 2)
    #expect(reply(code, []) == 2)
    #expect(test.takeOutput(row) == [1, 2])
    #expect(test.misused == 0)
    #expect(test.stale == 0)
  }

  @Test func `NULL with a length that is no finish is a misuse and queues nothing`() throws {
    let test = try TestCore()
    let row = test.connect()
    #expect(replyNull(test.code(row), length: 5) == misuse)
    #expect(test.waiting(row) == 0)
    #expect(!test.marks(row).contains(.finishing))
  }

  @Test func `A reply longer than the limit is too big and does no harm`() throws {
    let limit = 100_000
    let test = try TestCore { $0.replyLimit = limit }
    let row = test.connect()
    let code = test.code(row)
    let most = Array(repeating: UInt8(7), count: limit)
    #expect(reply(code, most + [8]) == tooBig)
    let function = unsafe unsafeBitCast(code, to: portico_reply.self)
    var byte: UInt8 = 1
    // The finish length with a pointer is a length, and no finish.
    #expect(unsafe function(&byte, finishLength) == tooBig)
    #expect(unsafe function(&byte, Int.min) == tooBig)
    #expect(test.waiting(row) == 0)
    #expect(test.marks(row).isDisjoint(with: [.finishing, .aborted, .full]))
    #expect(reply(code, most) == limit, "exactly the limit fits")
    #expect(test.takeOutput(row) == most)
  }

  @Test func `At the limit a reply is refused whole, and a stream without on_writable ends`() throws
  {
    let test = try TestCore { $0.replyLimit = 1000 }
    let row = test.connect()
    let code = test.code(row)
    let bytes = Array(repeating: UInt8(7), count: 600)
    #expect(reply(code, bytes) == 600)
    #expect(reply(code, bytes) == full)
    #expect(test.waiting(row) == 600, "all or nothing")
    #expect(test.marks(row).contains(.aborted), "a hole in the stream would be worse")
    #expect(test.marks(row).contains(.dirty))
  }

  @Test func `At the limit a handler with on_writable is told later, and the stream goes on`()
    throws
  {
    let test = try TestCore { $0.replyLimit = 1000 }
    unsafe test.core.value.handler.onWritable = { _, _ in }
    let row = test.connect()
    let code = test.code(row)
    #expect(reply(code, Array(repeating: 7, count: 900)) == 900)
    #expect(reply(code, Array(repeating: 8, count: 101)) == full)
    #expect(reply(code, Array(repeating: 9, count: 100)) == 1000, "what fits is still taken")
    #expect(reply(code, [1]) == full)
    #expect(test.marks(row).contains(.full))
    #expect(!test.marks(row).contains(.aborted))
    #expect(
      test.takeOutput(row) == Array(repeating: 7, count: 900) + Array(repeating: 9, count: 100))
  }

  @Test(arguments: [0, Promise.inline])
  func `Replies inside a call are staged in order and are counted`(promises: UInt64) throws {
    let test = try TestCore(promises: promises)
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      let first = unsafe reply(buffer, 3)
      let second = unsafe reply(buffer + 3, length - 3)
      unsafe answers.storeBytes(of: first, as: Int64.self)
      unsafe answers.storeBytes(of: second, toByteOffset: 8, as: Int64.self)
      return length
    }
    let row = test.connect()
    let sent = unsafe [Int64(1), 2, 3].withUnsafeBytes { unsafe Array($0) }
    let call = test.handle(row, [1, 2, 3])
    #expect(call.returned == 24)
    #expect(call.numbers[0] == 3)
    #expect(call.numbers[1] == 24)
    // The second part was overwritten by nothing: answers are stored after both replies.
    #expect(test.staged == sent)
    #expect(test.core.value.context.value.stageRow == row)
    #expect(test.waiting(row) == 0)
    #expect(test.core.value.context.value.replies == 2)
  }

  @Test func `Replies of one call that outgrow the stage keep their order`() throws {
    let test = try TestCore()
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      // 1000 + 2000 + … bytes, each part of one value: 210,000 bytes over a stage of 65,536.
      var waiting: Int64 = 0
      for part in 1...20 {
        let bytes = Array(repeating: UInt8(part), count: part * 1000)
        let answer = unsafe bytes.withUnsafeBytes { unsafe reply($0.baseAddress, $0.count) }
        waiting += Int64(bytes.count)
        if answer != waiting { return -part }
      }
      return length
    }
    let row = test.connect()
    let call = test.handle(row, [0])
    #expect(call.returned == 8, "reply \(-call.returned) answered something else than what waits")
    let output = test.takeOutput(row) + test.staged
    let expected = (1...20).flatMap { Array(repeating: UInt8($0), count: $0 * 1000) }
    #expect(output == expected)
  }

  @Test func `The limit holds inside a call too, over stage and queue`() throws {
    let test = try TestCore { $0.replyLimit = 100_000 }
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      for (place, size) in [60_000, 30_000, 20_000, 10_000, 1].enumerated() {
        let bytes = Array(repeating: UInt8(place), count: size)
        let answer = unsafe bytes.withUnsafeBytes { unsafe reply($0.baseAddress, $0.count) }
        unsafe answers.storeBytes(of: answer, toByteOffset: place * 8, as: Int64.self)
      }
      return length
    }
    unsafe test.core.value.handler.onWritable = { _, _ in }
    let row = test.connect()
    let call = test.handle(row, [0, 0, 0, 0, 0])
    #expect(call.numbers == [60_000, 90_000, full, 100_000, full])
    #expect(test.waiting(row) + test.staged.count == 100_000)
  }

  @Test func `Inside a call another client's reply goes to that client's queue`() throws {
    let test = try TestCore()
    let other = test.connect()
    let row = test.connect()
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      let code = unsafe buffer.load(as: UInt.self)
      let other = unsafe unsafeBitCast(code, to: portico_reply.self)
      _ = unsafe reply(buffer, 2)
      let answer = unsafe other(buffer, 8)
      _ = unsafe reply(buffer, 1)
      unsafe answers.storeBytes(of: answer, toByteOffset: 8, as: Int64.self)
      return length
    }
    let code = test.code(other)
    let bytes = unsafe withUnsafeBytes(of: code) { unsafe Array($0) }
    let call = test.handle(row, [Int64(code), 0])
    #expect(call.numbers[1] == 8)
    #expect(test.staged == [bytes[0], bytes[1], bytes[0]])
    #expect(test.takeOutput(other) == bytes)
    #expect(test.marks(other).contains(.dirty))
  }

  @Test func `A finish inside a call makes the rest of that call GONE`() throws {
    let test = try TestCore()
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      let before = unsafe reply(buffer, 5)
      let finish = reply(nil, finishLength)
      let after = unsafe reply(buffer, 5)
      let again = reply(nil, finishLength)
      for (place, answer) in [before, finish, after, again].enumerated() {
        unsafe answers.storeBytes(of: answer, toByteOffset: place * 8, as: Int64.self)
      }
      return length
    }
    let row = test.connect()
    let call = test.handle(row, [0, 0, 0, 0])
    #expect(call.numbers == [5, 5, gone, gone])
    #expect(test.marks(row).contains(.finishing))
    #expect(test.staged.count + test.waiting(row) == 5)
  }

  @Test(arguments: [true, false])
  func `An inline handler's reply outside its call is a misuse, counted, and sends nothing`(
    allowsShortcuts: Bool
  ) throws {
    let test = try TestCore(promises: Promise.inline, allowsShortcuts: allowsShortcuts)
    let row = test.connect()
    let code = test.code(row)
    #expect(reply(code, [1, 2, 3]) == misuse)
    #expect(replyNull(code, length: finishLength) == misuse)
    #expect(test.misused == 2)
    #expect(test.waiting(row) == 0)
    #expect(!test.marks(row).contains(.finishing))
    test.disconnect(row)
    #expect(reply(code, [1]) == misuse, "also when the client has gone")
    #expect(test.misused == 3)
  }

  @Test func `An inline handler's reply inside another client's call is a misuse too`() throws {
    let test = try TestCore(promises: Promise.inline)
    let other = test.connect()
    let row = test.connect()
    unsafe test.core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      let code = unsafe buffer.load(as: UInt.self)
      let other = unsafe unsafeBitCast(code, to: portico_reply.self)
      let own = unsafe reply(buffer, 1)
      let answer = unsafe other(buffer, 8)
      unsafe answers.storeBytes(of: own, as: Int64.self)
      unsafe answers.storeBytes(of: answer, toByteOffset: 8, as: Int64.self)
      return length
    }
    let call = test.handle(row, [Int64(test.code(other)), 0])
    #expect(call.numbers == [1, misuse])
    #expect(test.misused == 1)
    #expect(test.waiting(other) == 0)
    #expect(test.staged.count == 1)
  }

  @Test func `In on_close a reply is GONE already, and nothing is staged`() throws {
    let test = try TestCore()
    let row = test.connect()
    let answers = UnsafeMutablePointer<Int64>.allocate(capacity: 2)
    defer { unsafe answers.deallocate() }
    unsafe answers.initialize(repeating: 0, count: 2)
    unsafe test.core.value.handler.onClose = { state, reply in
      let answers = unsafe state!.assumingMemoryBound(to: Int64.self)
      unsafe answers[0] = reply("bye", 3)
      unsafe answers[1] = reply(nil, finishLength)
    }
    test.core.value.connections[row].marks.insert(.opened)
    test.core.value.connections[row].state = UInt(bitPattern: answers)
    test.core.value.killReply(row)
    test.core.value.callClose(row)
    #expect(unsafe answers[0] == gone)
    #expect(unsafe answers[1] == gone)
    #expect(test.staged.isEmpty)
    #expect(test.waiting(row) == 0)
  }
}
