// What a ring does not watch by itself: listeners, datagram sockets, the bell, the control socket,
// and clients that take no more, are not read or send much, in an epoll set that the ring polls. A
// ring could accept many clients for one request, but that takes each wake-up of a listener that
// others poll too for itself, also while its worker is busy in a call: with one of two workers
// stopped, seen, no client was served by the other (0 of 10; with this, 10 of 10). It takes all who
// wait, whatever the limits say. And it holds the socket, so that a worker whose supervisor has
// died could not let go of the ports in a call. A ring's own poll also tells of half-closed
// clients, asked or not, and would do so again and again.

internal import CKernel
internal import Glibc
internal import Kernel

struct Doors: ~Copyable {
  private static let eventCapacity = 64

  private let epoll: Descriptor
  private let events = EventBuffer(capacity: eventCapacity)
  private var eventCount = 0
  private var nextEvent = 0
  private var hasLooked = false
  private var acceptor: Acceptor
  private var incoming = DatagramReceiver()
  /// By index of the listener; 0 for none.
  private let datagrams: FlatTable<Int32>
  /// Something may be ready: look in this tick, and in the next, until nothing is left of it. What
  /// comes later pushes again, also at doors that were open.
  private(set) var isAjar = false

  init(sockets: Int, wake: Int32, control: Int32) throws(SystemError) {
    let epoll = try OwnDescriptors.makeEpoll()
    try Self.watch(wake, Token(purpose: .wake, index: 0), in: epoll.rawValue)
    try Self.watch(control, Token(purpose: .control, index: 0), in: epoll.rawValue)
    let acceptor = try Acceptor(sockets: sockets)
    let datagrams = try FlatTable<Int32>(capacity: sockets)
    self.epoll = epoll
    self.acceptor = acceptor
    self.datagrams = datagrams
  }

  /// Readable when something is ready.
  var descriptor: Int32 { epoll.rawValue }
  /// Of the last client that was accepted, if it was wanted.
  var peer: Endpoint { acceptor.peer }
  /// How the datagram of the last completion came.
  var path: DatagramPath { incoming.path }

  private static func watch(
    _ fd: Int32, _ token: Token, _ flags: UInt32 = 0, in epoll: Int32
  ) throws(SystemError) {
    try SystemError.check(
      "epoll_ctl",
      ck_epoll_control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN.rawValue | flags, token.rawValue))
  }

  mutating func open(listener fd: Int32, _ token: Token, tellsPeer: Bool) throws(SystemError) {
    // Other workers may poll it too: a client should not wake them all.
    try Self.watch(fd, token, EPOLLEXCLUSIVE.rawValue, in: epoll.rawValue)
    acceptor.open(fd, token, tellsPeer: tellsPeer)
  }

  mutating func open(datagrams fd: Int32, _ token: Token) throws(SystemError) {
    try Self.watch(fd, token, in: epoll.rawValue)
    datagrams[token.index] = fd
  }

  mutating func shut(listener fd: Int32, _ token: Token) {
    acceptor.shut(token)
    shut(fd)
  }

  mutating func shut(datagrams fd: Int32, _ token: Token) {
    datagrams[token.index] = 0
    shut(fd)
  }

  func shut(_ fd: Int32) { _ = ck_epoll_control(epoll.rawValue, EPOLL_CTL_DEL, fd, 0, 0) }

  /// Watches a client for some events, its failure always among them, or not any more. False when
  /// the kernel has no memory for that.
  func watch(
    client fd: Int32, _ token: Token, _ events: UInt32, wasWatched: Bool, isWatched: Bool
  ) -> Bool {
    let change = wasWatched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    return ck_epoll_control(
      epoll.rawValue, isWatched ? change : EPOLL_CTL_DEL, fd, events, token.rawValue) >= 0
  }

  /// Is it still the socket that is watched? See `Epoll.holdsSocket`.
  func holds(client fd: Int32, _ token: Token, _ events: UInt32) -> Bool {
    ck_epoll_control(epoll.rawValue, EPOLL_CTL_MOD, fd, events, token.rawValue) >= 0
  }

  /// The ring has seen that something is ready.
  mutating func push() { isAjar = true }

  /// Before what a wait has brought is taken.
  mutating func beginTick() {
    hasLooked = false
    nextEvent = 0
    eventCount = 0
  }

  /// The next completion of this tick, or nothing. A client's `received` has no bytes: there are
  /// some.
  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    if !hasLooked, isAjar {
      hasLooked = true
      eventCount = events.wait(epoll.rawValue, timeout_ms: 0)
      isAjar = eventCount == Self.eventCapacity
    }
    while incoming.isHolding || nextEvent < eventCount {
      // SAFETY: the room holds a batch of datagrams, and outlives this call.
      let completion =
        unsafe incoming.isHolding ? incoming.next(in: room.datagrams) : nextEvent(room)
      if completion.kind != .none { return completion }
    }
    return .nothing
  }

  private mutating func nextEvent<Room: ReceiveRoom & ~Copyable>(
    _ room: borrowing Room
  ) -> Completion {
    let token = events.token(nextEvent)
    if token.purpose == .listener {
      // It stays at the head until its turn is over.
      let completion = acceptor.next(token)
      if acceptor.isBetweenTurns {
        nextEvent += 1
        if acceptor.hasLeftSome { isAjar = true }
      }
      return completion
    }
    let mask = events.mask(nextEvent)
    nextEvent += 1
    var completion = Completion.nothing
    completion.token = token
    switch token.purpose {
    // It is read, and then empty.
    case .wake: completion.kind = .woken
    case .control:
      isAjar = true
      completion.kind = .control
    case .datagrams:
      // One batch each time. 0 since it was shut.
      guard datagrams[token.index] > 0 else { return .nothing }
      completion = unsafe incoming.receive(datagrams[token.index], token, into: room.datagrams)
      if incoming.mayHaveLeftSome { isAjar = true }
    case .connection:
      // If both are true, the sending is delivered by the next tick; and nobody says that all
      // that was there has been received.
      isAjar = true
      completion.kind =
        mask & EPOLLIN.rawValue != 0
        ? .received : mask & EPOLLOUT.rawValue != 0 ? .sendable : .failed
    case .listener: break
    }
    return completion
  }
}
