// Replies, called through the real closures. What each must answer is known before it is called,
// and what is accepted goes on the list of what the client must be sent.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

extension World {
  private mutating func call(
    _ who: Int, _ bytes: UnsafeRawPointer?, _ count: Int
  ) -> Int64 {
    if plan.hasThread, !isInCall {
      coverage.count(.threadReplied)
      return unsafe thread.call(clients[who].reply, bytes, count)
    }
    // SAFETY: the address of a closure, which lives as long as the process; `count` bytes are
    // there.
    let reply = unsafe unsafeBitCast(clients[who].reply, to: portico_reply.self)
    return unsafe reply(bytes, count)
  }

  /// What makes any reply refuse; nil when nothing does.
  private func refusal(_ who: Int) -> Int64? {
    if plan.handler.isInline, who != current || !isInCall { return ReplySlot.Answer.misuse }
    if !isKnown(who) || clients[who].heard.contains(.gone) { return ReplySlot.Answer.gone }
    return clients[who].isFinishAsked ? ReplySlot.Answer.gone : nil
  }

  /// Compares an answer with what it must be. A host may have ended a connection that the handler
  /// has not been told of yet, but not the one being served.
  private mutating func judge(_ who: Int, _ answer: Int64, _ expected: Int64, _ what: String) {
    trace("\(what) answers \(answer)", who)
    switch answer {
    case ReplySlot.Answer.gone: coverage.count(.gone)
    case ReplySlot.Answer.full: coverage.count(.full)
    case ReplySlot.Answer.misuse: coverage.count(.misused)
    case ReplySlot.Answer.tooBig: coverage.count(.tooBig)
    default: break
    }
    if answer == expected { return }
    // A connection that is broken has lost what was on its way, and ends in a moment.
    if answer >= 0, expected >= 0, clients[who].isErrorTold { return }
    let isHostsEnd =
      answer == ReplySlot.Answer.gone && who != current
      && (hasReasonToEnd(who) || !clients[who].heard.isDisjoint(with: .drain))
    check(isHostsEnd, who, "\(what) answers \(answer), and should answer \(expected)")
    clients[who].heard.insert(.gone)
  }

  /// Replies with bytes of the pattern.
  mutating func answerFreely(_ who: Int) {
    let place = random.below(Pattern.starts)
    unsafe answer(who, pattern.bytes(place), 1 + random.below(plan.handler.replySize), at: place)
  }

  /// Replies with bytes that are the pattern's at `place`.
  mutating func answer(_ who: Int, _ bytes: UnsafeRawPointer, _ count: Int, at place: Int) {
    let waiting = clients[who].waiting
    var expected = Int64(waiting + count)
    if let refusal = refusal(who) {
      expected = refusal
    } else if count > plan.limits.replyLimit {
      expected = ReplySlot.Answer.tooBig
    } else if waiting + count > plan.limits.replyLimit {
      expected = ReplySlot.Answer.full
    }
    var answer = unsafe call(who, bytes, count)
    if answer == ReplySlot.Answer.full, expected >= 0, plan.limits.memory.byteCount < 1 << 20 {
      coverage.count(.memoryShort)
      expected = answer
    }
    judge(who, answer, expected, "a reply of \(count)")
    answer = clients[who].heard.contains(.gone) ? ReplySlot.Answer.gone : answer
    if answer == ReplySlot.Answer.full { noteFull(who) }
    guard answer >= 0 else { return }
    coverage.count(.replied)
    noteWish(who)
    if answer > plan.limits.highWater {
      if plan.handler.hooks.contains(.writable) { clients[who].heard.insert(.awaitsRoom) }
      // Perhaps for a moment in this turn only, but the one in which it would have been late.
      clients[who].hasBeenHeldUp = true
    }
    clients[who].lastOwed_ms = turn_ms
    clients[who].owedTurn = isInCall ? turns : turns + 1
    append(who, Slice(place: Int32(place), count: Int32(count), next: -1, since_ms: now_ms))
  }

  private mutating func noteFull(_ who: Int) {
    noteWish(who)
    let hears = plan.handler.hooks.contains(.writable)
    clients[who].heard.insert(hears ? .awaitsRoom : .torn)
    clients[who].hasBeenHeldUp = true
  }

  private mutating func append(_ who: Int, _ slice: Slice) {
    check(sliceCount < Self.mostSlices, who, "BUG: too many replies in one schedule")
    slices[sliceCount] = slice
    let number = Int32(sliceCount)
    sliceCount += 1
    if clients[who].lastSlice < 0 {
      clients[who].cursor = number
    } else {
      slices[Int(clients[who].lastSlice)].next = number
    }
    clients[who].lastSlice = number
    clients[who].owed += Int(slice.count)
  }

  /// Uses the reply of a datagram whose call is over.
  mutating func useKeptDatagram() {
    let slot = unsafe core.value.context.value.current
    let present = unsafe slot.map { unsafe core.value.replies.code(of: $0) }
    // Whoever promised to forget may find it issued again.
    guard !plan.handler.forgets, datagramReply != present else { return }
    let reply = unsafe unsafeBitCast(datagramReply, to: portico_reply.self)
    let answer = unsafe reply(pattern.bytes(0), 10)
    let expected = plan.handler.isInline ? ReplySlot.Answer.misuse : ReplySlot.Answer.gone
    check(answer == expected, "a reply to a datagram that is over answers \(answer)")
  }

  /// One that could never fit.
  mutating func exaggerate(_ who: Int) {
    let count = plan.limits.replyLimit + 1
    let answer = unsafe call(who, pattern.bytes(0), count)
    judge(who, answer, refusal(who) ?? ReplySlot.Answer.tooBig, "a reply of \(count)")
  }

  /// A reply of nothing, which only asks, or of something that is not there.
  mutating func stammer(_ who: Int) {
    let waiting = Int64(clients[who].waiting)
    if random.once(in: 2) {
      let answer = unsafe call(who, nil, 0)
      judge(who, answer, refusal(who) ?? waiting, "a reply of nothing")
    } else {
      let answer = unsafe call(who, nil, 5)
      judge(who, answer, refusal(who) ?? ReplySlot.Answer.misuse, "a reply from nowhere")
    }
  }

  mutating func finish(_ who: Int) {
    let waiting = Int64(clients[who].waiting)
    let expected = refusal(who)
    let answer = unsafe call(who, nil, -1)
    judge(who, answer, expected ?? waiting, "finish")
    guard answer >= 0 else { return }
    coverage.count(.finished)
    clients[who].heard.insert(.finished)
    noteWish(who)
    clients[who].isFinishAsked = true
  }

  // MARK: Sending

  /// Are these the next bytes that the client must be sent? `taken` of them are on their way.
  mutating func verify(_ who: Int, _ bytes: UnsafeRawBufferPointer, _ taken: Int) {
    check(
      bytes.count <= clients[who].waiting, who,
      "\(bytes.count) bytes are sent, and \(clients[who].waiting) wait")
    var done = 0
    while done < taken {
      let slice = slices[Int(clients[who].cursor)]
      if clients[who].cursorOffset == Int(slice.count) {
        clients[who].cursor = slice.next
        clients[who].cursorOffset = 0
        continue
      }
      checkDelay(who, since_ms: slice.since_ms)
      let place = Int(slice.place) + clients[who].cursorOffset
      let count = min(taken - done, Int(slice.count) - clients[who].cursorOffset)
      let piece = unsafe bytes.baseAddress! + done
      check(
        unsafe pattern.holds(piece, count, at: place), who,
        "wrong bytes are sent at offset \(clients[who].sentOut + done): "
          + (unsafe pattern.firstDifference(piece, count, at: place)))
      done += count
      clients[who].cursorOffset += count
    }
  }
}
