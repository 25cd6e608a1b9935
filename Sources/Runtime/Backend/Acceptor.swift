// Clients of listeners that are ready, one completion each, from each listener so many in a row
// that others have their turn. The surprising part: accept4(2) on an empty queue costs as much as
// half a connection, since the kernel makes the new socket and its file before it looks. So poll(2)
// is asked first, but for the first client, of which the kernel has just told.

internal import CKernel
internal import Kernel

struct Acceptor: ~Copyable {
  /// Clients taken from one listener in a row before others have their turn.
  private static let burst = 64

  private var left = burst
  private var tellsPeer = true
  /// Of the last client that was accepted, if it was wanted.
  private(set) var peer = Endpoint.none
  /// The turn that has ended may have left clients in the queue.
  private(set) var hasLeftSome = false
  /// By index of the listener; 0 for none.
  private let listeners: FlatTable<Int32>

  init(sockets: Int) throws(SystemError) { listeners = try FlatTable(capacity: sockets) }

  mutating func open(_ fd: Int32, _ token: Token, tellsPeer: Bool) {
    self.tellsPeer = tellsPeer
    listeners[token.index] = fd
  }

  mutating func shut(_ token: Token) { listeners[token.index] = 0 }

  /// Has the listener's turn ended, or not begun?
  var isBetweenTurns: Bool { left == Self.burst }

  /// The next client of a listener that was ready; nothing when its turn is over.
  mutating func next(_ token: Token) -> Completion {
    let listener = listeners[token.index]
    // 0 since it was shut in the middle of a turn.
    guard listener > 0, isBetweenTurns || ck_is_readable(listener) == 1 else {
      endTurn(hasLeftSome: false)
      return .nothing
    }
    let completion = SocketCall.accept(listener, token, tellsPeer: tellsPeer, &peer)
    left -= 1
    if completion.kind == .none {
      endTurn(hasLeftSome: false)
    } else if completion.result < 0 || left == 0 {
      endTurn(hasLeftSome: true)
    }
    return completion
  }

  private mutating func endTurn(hasLeftSome: Bool) {
    left = Self.burst
    self.hasLeftSome = hasLeftSome
  }
}
