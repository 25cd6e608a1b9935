// Completions on top of epoll(7), level-triggered. Two things keep it as cheap as a hand-written
// loop: a client whose request is there when it is accepted, and that is gone after the answer, is
// never registered at all; and one that stays is registered once. The surprising part is `soon`: a
// client that has just been sent its last byte will close in a moment, so its end is asked for a
// few times, a moment later, instead of paying for a registration.

internal import CKernel
internal import Glibc
internal import Kernel

struct Epoll: SocketBackend, ~Copyable {
  /// What the loop wants of a row's socket, and what the kernel has been told.
  private struct Watch: BitwiseCopyable {
    var token: Token
    var fd: Int32
    var wanted: Interest
    var told: Interest
  }

  private struct Interest: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    static let registered = Interest(rawValue: 1)
    static let receive = Interest(rawValue: 2)
    static let send = Interest(rawValue: 4)
    /// Tried at each tick instead of being registered.
    static let soon = Interest(rawValue: 8)
  }

  private let epoll: Descriptor
  private let events = EventBuffer(capacity: 512)
  private var eventCount = 0
  private var nextEvent = 0
  private var acceptor: Acceptor
  private var incoming = DatagramReceiver()
  /// By index of the listener; 0 for none.
  private let datagrams: FlatTable<Int32>
  private let outgoing = DatagramBatch()
  /// By row of the connection table.
  private let watches: FlatTable<Watch>
  private var eager: TokenRing
  private var soon: ExpectedEnds
  /// Could not be registered: delivered as failed.
  private var lost: TokenRing
  /// Served at once when they were accepted, and not registered yet.
  private var unregistered: TokenRing
  private(set) var tick_ms: UInt64 = 0

  /// `wake` and `control` are descriptors whose readability is delivered as completions.
  init(connections: Int, sockets: Int, wake: Int32, control: Int32) throws(SystemError) {
    let epoll = try OwnDescriptors.makeEpoll()
    try Self.watch(wake, Token(purpose: .wake, index: 0), in: epoll.rawValue)
    try Self.watch(control, Token(purpose: .control, index: 0), in: epoll.rawValue)
    let watches = try FlatTable<Watch>(capacity: connections)
    let acceptor = try Acceptor(sockets: sockets)
    let datagrams = try FlatTable<Int32>(capacity: sockets)
    let eager = try TokenRing(capacity: 1024)
    let soon = try ExpectedEnds()
    let unregistered = try TokenRing(capacity: 1024)
    let lost = try TokenRing(capacity: 1024)
    self.epoll = epoll
    self.watches = watches
    self.acceptor = acceptor
    self.datagrams = datagrams
    self.eager = eager
    self.soon = soon
    self.unregistered = unregistered
    self.lost = lost
  }

  private static func watch(_ fd: Int32, _ token: Token, in epoll: Int32) throws(SystemError) {
    try SystemError.check(
      "epoll_ctl", ck_epoll_control(epoll, EPOLL_CTL_ADD, fd, EPOLLIN.rawValue, token.rawValue))
  }

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    // Other workers may poll it too, a Unix listener's at least: a client should wake one of them.
    try SystemError.check(
      "epoll_ctl",
      ck_epoll_control(
        epoll.rawValue, EPOLL_CTL_ADD, fd, EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue,
        token.rawValue))
    acceptor.open(fd, token, tellsPeer: tellsPeer)
  }

  mutating func disarmAccept(listener fd: Int32, token: Token) {
    acceptor.shut(token)
    disarmControl(fd)
  }

  var peer: Endpoint { acceptor.peer }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    try Self.watch(fd, token, in: epoll.rawValue)
    datagrams[token.index] = fd
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) {
    datagrams[token.index] = 0
    disarmControl(fd)
  }

  var path: DatagramPath { incoming.path }

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    // SAFETY: `first` is below the outbox's count.
    unsafe outgoing.send(
      fd, outbox.datagrams + first, count: outbox.count - first, bytes: outbox.bytes)
  }

  mutating func disarmControl(_ fd: Int32) {
    _ = ck_epoll_control(epoll.rawValue, EPOLL_CTL_DEL, fd, 0, 0)
  }

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    let row = token.index
    meet(fd, token)
    watches[row].wanted.insert(.receive)
    if !watches[row].told.contains(.registered) {
      switch eagerness {
      case .now: if eager.push(token) { return }
      case .soon:
        if soon.expect(token, now_ms: tick_ms) {
          watches[row].told.insert(.soon)
          return
        }
      case .whenReady: break
      }
    }
    tellKernel(row)
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    meet(fd, token)
    watches[token.index].wanted.remove(.receive)
    // Even a client that nobody reads from is watched: its reset must be seen.
    tellKernel(token.index)
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    let result = unsafe SocketCall.send(fd, bytes, isMoreToCome: isMoreToCome)
    if result >= 0 && result < bytes.count {
      meet(fd, token)
      watches[token.index].wanted.insert(.send)
      tellKernel(token.index)
    }
    return result
  }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    watches[token.index] = Watch(token: .nobody, fd: -1, wanted: [], told: [])
    if resetting { _ = ck_reset_on_close(fd) }
    _ = ck_close(fd)
  }

  /// A socket that was closed has left the set with its last descriptor.
  mutating func abandon(_ fd: Int32, _ token: Token) {
    if isCurrent(token) {
      watches[token.index] = Watch(token: .nobody, fd: -1, wanted: [], told: [])
    }
  }

  /// The set knows a socket by its file and its number, so it is asked for the same once more.
  func holdsSocket(_ fd: Int32, _ token: Token) -> Bool {
    let watch = watches[token.index]
    guard watch.token == token, watch.fd == fd, watch.told.contains(.registered) else {
      return true
    }
    return ck_epoll_control(
      epoll.rawValue, EPOLL_CTL_MOD, fd, Self.mask(of: watch.told), token.rawValue) >= 0
  }

  var descriptor: Int32 { epoll.rawValue }

  /// The first thing that is asked for a client: its row starts anew.
  private mutating func meet(_ fd: Int32, _ token: Token) {
    if watches[token.index].token != token || watches[token.index].fd != fd {
      watches[token.index] = Watch(token: token, fd: fd, wanted: [], told: [])
    }
  }

  /// Makes the kernel watch for what is wanted, when that differs from what it was told.
  private mutating func tellKernel(_ row: Int) {
    let watch = watches[row]
    let told = watch.wanted.union(.registered)
    guard watch.told != told else { return }
    let operation = watch.told.contains(.registered) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    let result = ck_epoll_control(
      epoll.rawValue, operation, watch.fd, Self.mask(of: told), watch.token.rawValue)
    watches[row].told = told
    // Out of memory or of watches: a client that nobody watches would hang for ever.
    if result < 0 { _ = lost.push(watch.token) }
  }

  private static func mask(of told: Interest) -> UInt32 {
    (told.contains(.receive) ? EPOLLIN.rawValue : 0)
      | (told.contains(.send) ? EPOLLOUT.rawValue : 0)
  }

  mutating func wait(timeout_ms: Int32?) {
    while let entry = unregistered.pop() {
      guard isCurrent(entry.token), !watches[entry.token.index].told.contains(.soon) else {
        continue
      }
      tellKernel(entry.token.index)
    }
    var timeout = timeout_ms ?? -1
    if !eager.isEmpty || !lost.isEmpty {
      timeout = 0
    } else if let left_ms = soon.timeout_ms(now_ms: tick_ms) {
      timeout = timeout < 0 ? left_ms : min(timeout, left_ms)
    }
    nextEvent = 0
    eventCount = events.wait(epoll.rawValue, timeout_ms: timeout)
    tick_ms = now_ms()
  }

  @inline(__always)
  private func isCurrent(_ token: Token) -> Bool {
    watches[token.index].token == token
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    while let entry = eager.pop() {
      guard isCurrent(entry.token), watches[entry.token.index].wanted.contains(.receive) else {
        continue
      }
      let completion = receive(entry.token, room)
      // Either way somebody must watch it from now on, if it is still there at the next wait.
      if !unregistered.push(entry.token) { tellKernel(entry.token.index) }
      if completion.kind != .none { return completion }
    }
    while let entry = lost.pop() {
      guard isCurrent(entry.token) else { continue }
      var completion = Completion.nothing
      completion.kind = .failed
      completion.token = entry.token
      return completion
    }
    while incoming.isHolding || nextEvent < eventCount {
      let completion =
        unsafe incoming.isHolding ? incoming.next(in: room.datagrams) : nextFromKernel(room)
      if completion.kind != .none { return completion }
    }
    while let entry = soon.takeDue(now_ms: tick_ms) {
      let completion = nextExpected(entry, room)
      if completion.kind != .none { return completion }
    }
    return .nothing
  }

  /// A socket whose end was expected by now. It is received from even if both sides have ended:
  /// what the client sent last may lie unread, and closing over it would reset a client that has
  /// not read its answer yet.
  private mutating func nextExpected<Room: ReceiveRoom & ~Copyable>(
    _ entry: TokenRing.Entry, _ room: borrowing Room
  ) -> Completion {
    let row = entry.token.index
    // Since then it may have been closed, or registered.
    guard isCurrent(entry.token), watches[row].told.contains(.soon) else { return .nothing }
    watches[row].told.remove(.soon)
    let completion = receive(entry.token, room)
    if completion.kind != .none {
      if !unregistered.push(entry.token) { tellKernel(row) }
      return completion
    }
    if soon.expectAgain(entry, now_ms: tick_ms) {
      watches[row].told.insert(.soon)
    } else {
      tellKernel(row)
    }
    return completion
  }

  private mutating func nextFromKernel<Room: ReceiveRoom & ~Copyable>(
    _ room: borrowing Room
  ) -> Completion {
    let token = events.token(nextEvent)
    if token.purpose == .listener {
      // It stays at the head until its turn is over.
      let completion = acceptor.next(token)
      if acceptor.isBetweenTurns { nextEvent += 1 }
      return completion
    }
    let mask = events.mask(nextEvent)
    nextEvent += 1
    var completion = Completion.nothing
    completion.token = token
    switch token.purpose {
    case .wake: completion.kind = .woken
    case .control: completion.kind = .control
    case .datagrams:
      // One batch each time; the socket stays ready while there are more. 0 since it was disarmed.
      guard datagrams[token.index] > 0 else { return .nothing }
      return unsafe incoming.receive(datagrams[token.index], token, into: room.datagrams)
    case .connection, .listener: connectionEvent(token, mask, room, &completion)
    }
    return completion
  }

  private mutating func connectionEvent<Room: ReceiveRoom & ~Copyable>(
    _ token: Token, _ mask: UInt32, _ room: borrowing Room, _ completion: inout Completion
  ) {
    guard isCurrent(token) else { return }
    let row = token.index
    let wanted = watches[row].wanted
    let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
    if wanted.contains(.receive), mask & (EPOLLIN.rawValue | broken) != 0 {
      // A send that waits as well is level-triggered: the next wait delivers it.
      completion = receive(token, room)
    } else if wanted.contains(.send), mask & EPOLLOUT.rawValue != 0 {
      watches[row].wanted.remove(.send)
      tellKernel(row)
      completion.kind = .sendable
    } else if mask & broken != 0 {
      completion.kind = .failed
    }
  }

  private mutating func receive<Room: ReceiveRoom & ~Copyable>(
    _ token: Token, _ room: borrowing Room
  ) -> Completion {
    unsafe SocketCall.receive(watches[token.index].fd, token, into: room.room(for: token))
  }
}
