// Datagrams in the simulated network: they come by one socket, each is shown to the handler once
// and whole, and what it replies must leave in that turn, in order, to the peer that it answers, or
// be counted as lost.

internal import CKernel
internal import CPortico
internal import Control
internal import Glibc
internal import Kernel

extension World {
  /// Where the socket is among the worker's.
  static let datagramSocket = Plan.mostListeners
  static let datagramDescriptor = firstListener + Int32(datagramSocket)
  /// A port that is never answered, and those that are.
  static let mutedPort: UInt16 = 7
  /// What the kernel keeps; further ones are lost on the way, as datagrams may be.
  static let mostWaiting = 16
  private static var mostLeaving: Int { 1024 }
  /// Any peer is worth so many bytes.
  private static var leastAllowance: Int { 1472 }
  /// RFC 768, less an IPv4 header.
  private static var mostBytes: Int { 65507 }

  static func makeQueue() throws(SystemError) -> FlatTable<SimulatedDatagram> {
    try FlatTable<SimulatedDatagram>(capacity: mostLeaving)
  }

  // MARK: The network

  /// Peers send datagrams when their time has come.
  mutating func sendToHost() {
    guard datagramsLeft > 0, now_ms >= nextDatagram_ms else { return }
    datagramsLeft -= 1
    nextDatagram_ms =
      datagramsLeft > 0 ? now_ms + UInt64(random.below(plan.gap_ms + 1)) : .max
    guard waitingCount < Self.mostWaiting else { return }
    steps += 1
    let count = random.once(in: 6) ? random.below(2000) : random.below(60)
    var datagram = SimulatedDatagram(
      place: Int32(random.below(Pattern.starts)), count: Int32(count),
      address: UInt8(1 + random.below(200)),
      port: random.once(in: 10) ? Self.mutedPort : UInt16(1024 + random.below(60_000)))
    if !plan.replyRate.isNone {
      datagram.address = UInt8(Int(datagram.address) % SimulatedSource.count)
      if datagram.port != Self.mutedPort { datagram.port = 1024 }
    }
    waiting[(firstWaiting + waitingCount) % Self.mostWaiting] = datagram
    waitingCount += 1
  }

  mutating func armDatagrams(_ fd: Int32) throws(SystemError) {
    check(fd == Self.datagramDescriptor, "datagrams are armed on a socket that has none")
    check(!isArmed(Self.datagramSocket), "datagrams are armed although they are")
    try armSocket(Self.datagramSocket)
  }

  mutating func disarmDatagrams(_ fd: Int32) {
    check(fd == Self.datagramDescriptor, "datagrams are disarmed on a socket that has none")
    disarmSocket(Self.datagramSocket)
  }

  mutating func receiveDatagram(into room: UnsafeMutableRawPointer) -> Completion {
    var completion = Completion.nothing
    completion.kind = .datagram
    completion.token = Token(purpose: .datagrams, index: Self.datagramSocket)
    steps += 1
    if random.once(in: plan.faults.receiveFails) {
      coverage.count(.datagramReceiveFailed)
      datagramErrors += 1
      completion.result = -Int(ECONNREFUSED)
      return completion
    }
    served = waiting[firstWaiting]
    firstWaiting = (firstWaiting + 1) % Self.mostWaiting
    waitingCount -= 1
    // One whose source has been answered often enough must not be shown.
    isServed = !mayAnswer(served)
    datagramsTaken += 1
    let place = datagramsTaken % DatagramBatch.capacity
    // SAFETY: the room holds a batch of them at that stride.
    unsafe completion.bytes = room + place * DatagramBatch.stride
    unsafe completion.bytes!.copyMemory(
      from: pattern.bytes(Int(served.place)), byteCount: Int(served.count))
    completion.result = Int(served.count)
    trace("a datagram of \(served.count) from port \(served.port)")
    return completion
  }

  /// Muted ones are never answered, so that theirs do not count.
  private mutating func mayAnswer(_ datagram: SimulatedDatagram) -> Bool {
    guard !plan.replyRate.isNone, datagram.port != Self.mutedPort else { return true }
    if sources[Int(datagram.address)].admits(plan.replyRate, now_ms: turn_ms) { return true }
    coverage.count(.rateLimited)
    droppedForRate += 1
    return false
  }

  // MARK: The handler

  /// A call of `handle` for the datagram that was delivered last.
  mutating func handleDatagram(
    _ bytes: UnsafeRawPointer, _ count: Int, _ reply: portico_reply
  ) -> Int {
    check(!isInCall, "handle of a datagram inside another call")
    check(!isServed, "a datagram is shown twice")
    check(count == Int(served.count), "\(count) bytes of a datagram of \(served.count)")
    check(
      unsafe pattern.holds(bytes, count, at: Int(served.place)), "a datagram is shown wrong bytes")
    check(unsafe bytes.load(fromByteOffset: count, as: UInt8.self) == 0, "no NUL behind a datagram")
    isInCall = true
    isServed = true
    coverage.count(.datagram)
    let factor = plan.limits.amplification
    allowance = factor == 0 ? .max : max(Self.leastAllowance, count * factor)
    datagramReply = unsafe unsafeBitCast(reply, to: UInt.self)
    unsafe checkServices(reply)
    while random.once(in: 2) { unsafe answerDatagram(reply) }
    behaveOutside()
    isInCall = false
    return random.once(in: 4) ? -1 : random.below(count + 2)
  }

  private mutating func checkServices(_ reply: portico_reply) {
    guard random.once(in: 8) else { return }
    let info = unsafe host.pointee.info(reply)
    check(
      unsafe info != nil && info!.pointee.peer_port == served.port, "a datagram's peer is wrong")
    check(unsafe host.pointee.pause(reply, 1) == PORTICO_MISUSE, "a datagram can be paused")
    check(unsafe host.pointee.need(reply, 10) == PORTICO_MISUSE, "a datagram can need more")
    check(unsafe host.pointee.abort(reply) == PORTICO_MISUSE, "a datagram can be aborted")
    check(reply(nil, -1) == PORTICO_MISUSE, "a datagram can be finished")
  }

  private mutating func answerDatagram(_ reply: portico_reply) {
    var count = random.below(random.oneOf(2, 100, 1500, 3000))
    if random.once(in: 50) { count = Self.mostBytes + 1 + random.below(10) }
    let place = random.below(Pattern.starts)
    var expected: Int64 = 0
    if count > Self.mostBytes {
      expected = ReplySlot.Answer.tooBig
    } else if served.port == Self.mutedPort {
      coverage.count(.muted)
      expected = ReplySlot.Answer.gone
    } else if max(1, count) > allowance {
      coverage.count(.amplification)
      expected = ReplySlot.Answer.full
    }
    // Nothing of a reply that cannot be sent is read.
    let answer = unsafe reply(pattern.bytes(place), count)
    trace("a reply of \(count) to a datagram answers \(answer)")
    check(
      answer == expected,
      "a reply of \(count) to a datagram answers \(answer), and should answer \(expected)")
    guard answer == 0 else { return }
    check(leavingCount < Self.mostLeaving, "BUG: too many replies to datagrams in one turn")
    allowance -= max(1, count)
    if !plan.replyRate.isNone { sources[Int(served.address)].answered(plan.replyRate) }
    leaving[leavingCount] = SimulatedDatagram(
      place: Int32(place), count: Int32(count), address: served.address, port: served.port)
    leavingCount += 1
  }

  // MARK: Sending

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    check(fd == Self.datagramDescriptor, "a reply to a datagram leaves by another socket")
    let count = outbox.count - first
    check(
      count == leavingCount - leavingFirst,
      "\(count) datagrams are sent, and \(leavingCount - leavingFirst) wait")
    steps += 1
    if random.once(in: plan.faults.sendFails) {
      coverage.count(.datagramSendFailed)
      let code = [ENOBUFS, EAGAIN, EPERM, EINTR][random.below(4)]
      if code != EINTR {
        leavingFirst += 1
        datagramErrors += 1
      }
      return -Int(code)
    }
    let taken = random.once(in: plan.faults.shortSend) ? 1 + random.below(count) : count
    for number in 0..<taken {
      let expected = leaving[leavingFirst]
      leavingFirst += 1
      // SAFETY: the outbox has `count` entries from `first` on, each inside its bytes.
      let entry = unsafe outbox.datagrams[first + number]
      check(expected.goes(along: entry.path), "a reply to a datagram goes to another peer")
      check(entry.length == expected.count, "a datagram of \(expected.count) is cut or merged")
      check(
        unsafe pattern.holds(
          outbox.bytes + Int(entry.offset), Int(entry.length), at: Int(expected.place)),
        "a datagram has wrong bytes")
    }
    coverage.datagramsOut += taken
    datagramsSent += taken
    return taken
  }

  /// At the end of a turn nothing waits any more.
  mutating func checkDatagrams() {
    check(
      leavingFirst == leavingCount,
      "\(leavingCount - leavingFirst) replies to datagrams were not sent")
    check(isServed, "a datagram was not shown to the handler")
    leavingFirst = 0
    leavingCount = 0
    let page = core.value.page.value
    check(
      page.datagram_errors == datagramErrors && page.datagrams_out == datagramsSent,
      "\(page.datagrams_out) datagrams and \(page.datagram_errors) errors are counted, and there "
        + "were \(datagramsSent) and \(datagramErrors)")
    let dropped = ck_page_limit(page, CK_LIMIT_RATE.rawValue)
    check(
      dropped == droppedForRate,
      "\(dropped) datagrams were dropped for their rate, and \(droppedForRate) should have been")
  }
}
