// Completions that come when their time is over: for a client that was closed, perhaps when
// somebody else has its row, and from a listener that was disarmed. A ring does such things.

internal import CKernel
internal import Control
internal import Kernel

extension World {
  /// Leaves something behind for a client that is being closed.
  mutating func leaveLate(_ who: Int) {
    guard random.once(in: plan.faults.lateAfterClose) else { return }
    let kind = [Completion.Kind.received, .received, .sendable, .failed][random.below(4)]
    late[Plan.mostListeners + who] = LateCompletion(
      kind: kind, token: clients[who].token, client: who, count: random.below(60),
      place: clients[who].start + min(clients[who].taken, Pattern.mostBytes - 64),
      due_ms: now_ms + UInt64(random.below(30)))
  }

  /// Somebody new has this row: what is late for the old one comes just now.
  mutating func hasten(_ token: Token) {
    for place in Plan.mostListeners..<Self.mostLate
    where late[place].kind != .none && late[place].token.index == token.index
      && random.once(in: 2)
    {
      late[place].due_ms = now_ms
    }
  }

  mutating func takeLate(_ place: Int, into: UnsafeMutableRawBufferPointer) -> Completion {
    let entry = late[place]
    late[place].kind = .none
    var completion = Completion.nothing
    completion.kind = entry.kind
    completion.token = entry.token
    switch entry.kind {
    case .accepted:
      completion.result = Int(openDescriptor(entry.client))
      peer = tellsPeer ? clients[entry.client].endpoint : .none
    case .received:
      coverage.count(.lateReceived)
      let count = min(entry.count, into.count)
      // SAFETY: room for the row's next bytes, whoever has it now; what lies there is not counted.
      unsafe into.baseAddress!.copyMemory(from: pattern.bytes(entry.place), byteCount: count)
      unsafe completion.bytes = into.baseAddress
      completion.result = count
    case .sendable: coverage.count(.lateSendable)
    case .failed: coverage.count(.lateFailed)
    case .none, .datagram, .woken, .control: break
    }
    trace("late completion \(entry.kind) for row \(entry.token.index)", entry.client)
    return completion
  }
}
