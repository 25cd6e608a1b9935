// Completions from io_uring: one system call a tick submits what changed and waits. A client that
// stays is received from by one request that goes on, into buffers that all clients share, so that
// an idle one owns none. Bytes are sent at once, by send(2). The surprising part: a request holds
// its socket, so closing one with a request under way cancels that too, and the client would see
// the end only then; what has answered and gone before it stayed never gets a request.

internal import CKernel
internal import Glibc
internal import Kernel

struct Uring: Backend, ~Copyable {
  /// What a token has room for above its purpose: which request of a row has completed.
  enum Request: UInt64 {
    case doors, receive, sendable, failure, cancel

    static let shift: UInt64 = 61
    static let mask: UInt64 = 7 << shift

    func data(_ token: Token) -> UInt64 { token.rawValue | rawValue << Self.shift }
  }

  /// What the loop wants of a row's socket, and which requests are under way for it.
  struct Watch: BitwiseCopyable {
    var token: Token
    var fd: Int32
    var wanted: Interest
    var marks: Marks

    static var nobody: Watch { Watch(token: Token(rawValue: 0), fd: -1, wanted: [], marks: []) }
  }

  struct Interest: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    static let receive = Interest(rawValue: 1)
    static let send = Interest(rawValue: 2)
  }

  struct Marks: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    /// A receive goes on, or its last completion has not been taken yet.
    static let receiving = Marks(rawValue: 1)
    /// … and it is being cancelled.
    static let cancelling = Marks(rawValue: 2)
    /// A poll for room to send is under way.
    static let polling = Marks(rawValue: 4)
    /// A poll for the client's failure is under way, since nothing else would show it.
    static let watching = Marks(rawValue: 8)
    /// Looked at from time to time instead of by a request.
    static let soon = Marks(rawValue: 16)
    /// On the list of what the next wait has to look at.
    static let listed = Marks(rawValue: 32)
    /// Requests that hold the socket.
    static let requests: Marks = [.receiving, .polling, .watching]
  }

  /// Received bytes lie in the ring's buffers, and may come after the client was disarmed.
  @inline(__always)
  static var hasOwnBuffers: Bool { true }
  let bufferCapacity: Int

  let ring: Ring
  var doors: Doors
  private let outgoing = DatagramBatch()
  let watches: FlatTable<Watch>
  private var eager: TokenRing
  var soon: TokenRing
  /// Those of `soon` whose time has come in this tick.
  var expected = PollBatch(capacity: 256)
  /// Rows that have changed since the last wait.
  private var changed: TokenRing
  /// The buffer that the last completion lies in; -1 for none.
  private var loan = -1
  var tick_ms: UInt64 = 0

  /// `wake` and `control` are descriptors whose readability is delivered as completions; `memory`
  /// has `UringBuffers.byteCount(receiveSize)` bytes and lives as long as the process.
  init(
    connections: Int, sockets: Int, wake: Int32, control: Int32,
    memory: UnsafeMutableRawPointer, receiveSize: Int
  ) throws(SystemError) {
    let layout = UringBuffers(receiveSize: receiveSize)
    let ring = try unsafe Ring(
      buffers: memory, bufferCount: UringBuffers.count, stride: layout.stride,
      capacity: layout.capacity)
    let doors = try Doors(sockets: sockets, wake: wake, control: control)
    let watches = try FlatTable<Watch>(capacity: connections)
    let eager = try TokenRing(capacity: 1024)
    let soon = try TokenRing(capacity: 4096)
    let changed = try TokenRing(capacity: 4096)
    self.ring = ring
    self.doors = doors
    self.watches = watches
    self.eager = eager
    self.soon = soon
    self.changed = changed
    bufferCapacity = layout.capacity
    watchDoors()
  }

  func now_ms() -> UInt64 { ck_monotonic_ns() / 1_000_000 }

  @inline(__always)
  func leavesOut(_ step: LoopStep) -> Bool { false }

  // MARK: Doors

  func watchDoors() {
    ring.pollAlways(
      doors.descriptor, UInt32(EPOLLIN.rawValue), data: Request.doors.rawValue << Request.shift)
  }

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    try doors.open(listener: fd, token, tellsPeer: tellsPeer)
  }

  mutating func disarmAccept(listener fd: Int32, token: Token) { doors.shut(fd, token) }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    if resetting { _ = ck_reset_on_close(fd) }
    _ = ck_close(fd)
  }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    try doors.open(datagrams: fd, token)
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) { doors.shut(fd, token) }

  var path: DatagramPath { doors.path }

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    // SAFETY: `first` is below the outbox's count.
    unsafe outgoing.send(
      fd, outbox.datagrams + first, count: outbox.count - first, bytes: outbox.bytes)
  }

  mutating func disarmControl(_ fd: Int32) { doors.shut(fd) }

  // MARK: Clients

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    let row = token.index
    meet(fd, token)
    watches[row].wanted.insert(.receive)
    if !watches[row].marks.contains(.receiving) {
      switch eagerness {
      case .now: if eager.push(token) { return }
      case .soon:
        if soon.push(token, since_ms: tick_ms) {
          watches[row].marks.insert(.soon)
          return
        }
      case .whenReady: break
      }
    }
    list(row)
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    meet(fd, token)
    watches[token.index].wanted.remove(.receive)
    watches[token.index].marks.remove(.soon)
    list(token.index)
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    // SAFETY: the caller's bytes are valid during the call; the kernel copies them.
    var result = unsafe ck_send(fd, bytes.baseAddress, bytes.count, isMoreToCome ? 1 : 0)
    if result == -Int(EAGAIN) || result == -Int(EINTR) { result = 0 }
    if result >= 0 && result < bytes.count {
      meet(fd, token)
      watches[token.index].wanted.insert(.send)
      list(token.index)
    }
    return result
  }

  mutating func endSending(_ fd: Int32) { _ = ck_shutdown_send(fd) }

  func unsentByteCount(_ fd: Int32) -> Int { max(0, Int(ck_unsent_count(fd))) }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    let watch = watches[token.index]
    watches[token.index] = .nobody
    let isHeld = watch.token == token && !watch.marks.isDisjoint(with: .requests)
    if isHeld {
      if watch.marks.contains(.receiving) { cancel(.receive, token) }
      if watch.marks.contains(.polling) { cancel(.sendable, token) }
      if watch.marks.contains(.watching) { cancel(.failure, token) }
    }
    if resetting {
      _ = ck_reset_on_close(fd)
    } else if isHeld {
      // The requests go only with the next wait, and a call may lie between.
      _ = ck_shutdown_send(fd)
    }
    _ = ck_close(fd)
  }

  private func cancel(_ request: Request, _ token: Token) {
    ring.cancel(request.data(token), data: Request.cancel.data(token))
  }

  /// The first thing that is asked for a client: its row starts anew.
  private func meet(_ fd: Int32, _ token: Token) {
    if watches[token.index].token != token || watches[token.index].fd != fd {
      watches[token.index] = Watch(token: token, fd: fd, wanted: [], marks: [])
    }
  }

  func isCurrent(_ token: Token) -> Bool {
    watches[token.index].token == token && watches[token.index].fd > 0
  }

  /// The next wait looks whether a row's requests are those that it needs. Not at once: most that
  /// change in a tick have gone or changed back at its end, and between putting and submitting a
  /// request its descriptor must not be closed.
  mutating func list(_ row: Int) {
    guard !watches[row].marks.contains(.listed) else { return }
    if changed.push(watches[row].token) {
      watches[row].marks.insert(.listed)
    } else {
      request(row)
      ring.enter(waits: false, timeout_ms: nil)
    }
  }

  /// Puts the requests that a row needs.
  private func request(_ row: Int) {
    let watch = watches[row]
    let wantsInput = watch.wanted.contains(.receive)
    if wantsInput, watch.marks.isDisjoint(with: [.receiving, .soon]) {
      ring.receive(watch.fd, data: Request.receive.data(watch.token))
      watches[row].marks.insert(.receiving)
    } else if !wantsInput, watch.marks.contains(.receiving), !watch.marks.contains(.cancelling) {
      cancel(.receive, watch.token)
      watches[row].marks.insert(.cancelling)
    }
    if watch.wanted.contains(.send), !watch.marks.contains(.polling) {
      ring.poll(watch.fd, EPOLLOUT.rawValue, data: Request.sendable.data(watch.token))
      watches[row].marks.insert(.polling)
    }
    // Even a client that nobody reads from is watched: its reset must be seen.
    if !wantsInput, watches[row].marks.isDisjoint(with: [.polling, .watching]) {
      ring.poll(watch.fd, 0, data: Request.failure.data(watch.token))
      watches[row].marks.insert(.watching)
    }
  }

  // MARK: Waiting

  mutating func wait(timeout_ms: Int32?) {
    giveBack()
    while let entry = changed.pop() {
      guard isCurrent(entry.token) else { continue }
      watches[entry.token.index].marks.remove(.listed)
      request(entry.token.index)
    }
    var timeout = timeout_ms
    if !eager.isEmpty || doors.isAjar {
      timeout = 0
    } else if let left_ms = nextSoon_ms {
      timeout = min(timeout ?? left_ms, left_ms)
    }
    ring.enter(waits: timeout != 0, timeout_ms: timeout)
    doors.beginTick()
    tick_ms = now_ms()
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    giveBack()
    while let entry = eager.pop() {
      let row = entry.token.index
      guard isCurrent(entry.token), watches[row].wanted.contains(.receive),
        !watches[row].marks.contains(.receiving)
      else { continue }
      let completion = receive(entry.token, room)
      // Either way it needs a request from now on, if it is still there at the next wait.
      list(row)
      if completion.kind != .none { return completion }
    }
    while let event = ring.take() {
      let completion = completed(event)
      if completion.kind != .none { return completion }
    }
    let completion = doors.next(room)
    if completion.kind != .none { return completion }
    return nextSoon(room)
  }

  /// The bytes of the last completion have been handled.
  @inline(__always)
  private mutating func giveBack() {
    if loan >= 0 {
      ring.giveBack(buffer: loan)
      loan = -1
    }
  }

  private mutating func completed(_ event: ck_ring_completion) -> Completion {
    let token = Token(rawValue: event.data & ~Request.mask)
    let hasMore = event.has_more != 0
    switch event.data >> Request.shift {
    case Request.receive.rawValue: return received(event, token)
    case Request.doors.rawValue:
      doors.push()
      if !hasMore { watchDoors() }
    case Request.sendable.rawValue: return polled(.polling, token)
    case Request.failure.rawValue: return polled(.watching, token)
    default: break  // A cancel that came too late: the request had completed.
    }
    return .nothing
  }

  private mutating func received(_ event: ck_ring_completion, _ token: Token) -> Completion {
    loan = Int(event.buffer)
    // Late completions of a client that has gone only bring their buffer back.
    guard isCurrent(token) else { return .nothing }
    let row = token.index
    if event.has_more == 0 {
      watches[row].marks.subtract([.receiving, .cancelling])
      list(row)
    }
    switch event.result {
    // Cancelled; or out of buffers, which are there again at the next wait.
    case -ECANCELED, -ENOBUFS, -EINTR, -EAGAIN:
      giveBack()
      return .nothing
    default: break
    }
    var completion = Completion.nothing
    completion.kind = .received
    completion.token = token
    completion.result = Int(event.result)
    if loan >= 0 { unsafe completion.bytes = ring.address(ofBuffer: loan) }
    return completion
  }

  /// A poll has completed: for room to send, or for a failure.
  private mutating func polled(_ mark: Marks, _ token: Token) -> Completion {
    var completion = Completion.nothing
    guard isCurrent(token) else { return completion }
    let row = token.index
    watches[row].marks.remove(mark)
    list(row)
    completion.token = token
    if mark == .polling {
      watches[row].wanted.remove(.send)
      completion.kind = .sendable
    } else if !watches[row].wanted.contains(.receive) {
      completion.kind = .failed
    }
    return completion
  }

  /// Receives at once, into the room that is offered.
  func receive<Room: ReceiveRoom & ~Copyable>(
    _ token: Token, _ room: borrowing Room
  ) -> Completion {
    let into = unsafe room.room(for: token)
    var completion = Completion.nothing
    // SAFETY: the room belongs to this client until the completion has been handled.
    let result = unsafe ck_receive(watches[token.index].fd, into.baseAddress, into.count)
    if result == -Int(EAGAIN) || result == -Int(EINTR) { return completion }
    completion.kind = .received
    completion.token = token
    completion.result = result
    unsafe completion.bytes = into.baseAddress
    return completion
  }
}
