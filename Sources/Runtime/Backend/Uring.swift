// Completions from io_uring: one system call a tick submits what changed and waits. A client that
// stays is received from by one request that goes on, into buffers that all clients share, so that
// an idle one owns none. Bytes are sent at once, by send(2). The surprising part: a request holds
// its socket, so closing one with a request under way cancels that too, and the client would see
// the end only then; what has answered and gone before it stayed never gets a request.

internal import CKernel
internal import Glibc
internal import Kernel

struct Uring: SocketBackend, ~Copyable {
  /// What a token has room for above its purpose: which request of a row has completed.
  enum Request: UInt64 {
    case doors, receive, cancel

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

    static var nobody: Watch { Watch(token: .nobody, fd: -1, wanted: [], marks: []) }
  }

  struct Interest: OptionSet, BitwiseCopyable {
    var rawValue: UInt8
    static let receive = Interest(rawValue: 1)
    static let send = Interest(rawValue: 2)
  }

  struct Marks: OptionSet, BitwiseCopyable {
    var rawValue: UInt16
    /// A receive goes on, or its last completion has not been taken yet.
    static let receiving = Marks(rawValue: 1)
    /// … and it is being cancelled.
    static let cancelling = Marks(rawValue: 2)
    /// Among the doors, for its failure, which nothing else would show.
    static let watched = Marks(rawValue: 4)
    /// … and for room to send.
    static let watchedToSend = Marks(rawValue: 8)
    /// … and for input.
    static let watchedToReceive = Marks(rawValue: 64)
    /// How a row stands among the doors.
    static let doors: Marks = [.watched, .watchedToSend, .watchedToReceive]
    /// Received from when the doors say so, with a system call each, since it sends more than a
    /// buffer holds, and a request would fill up to 32 in a row before it could be cancelled; or
    /// since its socket is a Unix one: there Linux 6.18 forgets the end of a client whose last
    /// bytes and end were there together when the request came.
    static let byReadiness = Marks(rawValue: 128)
    /// Its socket's kind has been looked at.
    static let isKnown = Marks(rawValue: 256)
    /// Looked at from time to time instead of by a request.
    static let soon = Marks(rawValue: 16)
    /// On the list of what the next wait has to look at.
    static let listed = Marks(rawValue: 32)
  }

  /// Received bytes lie in the ring's buffers, and may come after the client was disarmed.
  @inline(__always)
  static var hasOwnBuffers: Bool { true }
  let bufferCapacity: Int

  let ring: Ring
  var doors: Doors
  private let outgoing = DatagramBatch()
  let watches: FlatTable<Watch>
  /// Each row's socket, once `isKnown`: a request holds the socket, whoever has closed or replaced
  /// the descriptor.
  private let inodes: FlatTable<UInt32>
  var eager: TokenRing
  var soon: ExpectedEnds
  /// Rows that have changed since the last wait.
  var changed: TokenRing
  /// Could not be put among the doors: delivered as failed.
  var lost: TokenRing
  /// The buffer that the last completion lies in; -1 for none.
  var loan = -1
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
    let inodes = try FlatTable<UInt32>(capacity: connections)
    let eager = try TokenRing(capacity: 1024)
    let soon = try ExpectedEnds()
    let changed = try TokenRing(capacity: 4096)
    let lost = try TokenRing(capacity: 1024)
    self.ring = ring
    self.doors = doors
    self.watches = watches
    self.inodes = inodes
    self.eager = eager
    self.soon = soon
    self.changed = changed
    self.lost = lost
    bufferCapacity = layout.capacity
    watchDoors()
  }

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

  mutating func disarmAccept(listener fd: Int32, token: Token) {
    doors.shut(listener: fd, token)
  }

  var peer: Endpoint { doors.peer }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    try doors.open(datagrams: fd, token)
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) {
    doors.shut(datagrams: fd, token)
  }

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
        if soon.expect(token, now_ms: tick_ms) {
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
    let result = unsafe SocketCall.send(fd, bytes, isMoreToCome: isMoreToCome)
    if result >= 0 && result < bytes.count {
      meet(fd, token)
      watches[token.index].wanted.insert(.send)
      list(token.index)
    }
    return result
  }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    let watch = watches[token.index]
    watches[token.index] = .nobody
    let isHeld = watch.token == token && watch.marks.contains(.receiving)
    if isHeld {
      cancel(token)
      if watch.marks.contains(.watched) { doors.shut(fd) }
    }
    if resetting {
      _ = ck_reset_on_close(fd)
    } else if isHeld {
      // The request goes only with the next wait, and a call may lie between.
      _ = ck_shutdown_send(fd)
    }
    _ = ck_close(fd)
  }

  /// What a request has received until it is cancelled is not delivered any more; the kernel lets
  /// go of the socket then.
  mutating func abandon(_ fd: Int32, _ token: Token) {
    let watch = watches[token.index]
    guard watch.token == token else { return }
    watches[token.index] = .nobody
    if watch.marks.contains(.receiving) { cancel(token) }
  }

  func holdsSocket(_ fd: Int32, _ token: Token) -> Bool {
    let watch = watches[token.index]
    guard watch.token == token, watch.fd == fd else { return true }
    let doors = watch.marks.intersection(.doors)
    if !doors.isEmpty, !self.doors.holds(client: fd, token, Self.events(of: doors)) {
      return false
    }
    return !watch.marks.contains(.isKnown) || inodes[token.index] == Self.inode(of: fd)
  }

  /// 0 for what is no open descriptor. Sockets have inodes of 32 bits.
  private static func inode(of fd: Int32) -> UInt32 {
    var identity = ck_identity()
    return unsafe ck_identify(fd, &identity) == 0
      ? UInt32(truncatingIfNeeded: identity.inode) : 0
  }

  private static func events(of doors: Marks) -> UInt32 {
    (doors.contains(.watchedToReceive) ? EPOLLIN.rawValue : 0)
      | (doors.contains(.watchedToSend) ? EPOLLOUT.rawValue : 0)
  }

  /// Those that a plugin must not touch.
  var descriptors: [Int32] { [doors.descriptor, ring.descriptor] }

  private mutating func cancel(_ token: Token) {
    ring.cancel(Request.receive.data(token), data: Request.cancel.data(token))
  }

  /// The first thing that is asked for a client: its row starts anew.
  private mutating func meet(_ fd: Int32, _ token: Token) {
    if watches[token.index].token != token || watches[token.index].fd != fd {
      watches[token.index] = Watch(token: token, fd: fd, wanted: [], marks: [])
    }
  }

  @inline(__always)
  func isCurrent(_ token: Token) -> Bool {
    watches[token.index].token == token
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

  /// Puts the requests that a row needs, and ends those that it does not.
  mutating func request(_ row: Int) {
    // Not asked of those that have been sent their last byte: most never need a request.
    if watches[row].marks.isDisjoint(with: [.isKnown, .soon]) {
      watches[row].marks.insert(.isKnown)
      if ck_is_unix(watches[row].fd) == 1 { watches[row].marks.insert(.byReadiness) }
      inodes[row] = Self.inode(of: watches[row].fd)
    }
    let watch = watches[row]
    let wantsInput = watch.wanted.contains(.receive)
    let needsRequest = wantsInput && !watch.marks.contains(.byReadiness)
    if needsRequest, watch.marks.isDisjoint(with: [.receiving, .soon]) {
      ring.receive(watch.fd, data: Request.receive.data(watch.token))
      watches[row].marks.insert(.receiving)
    } else if !needsRequest, watch.marks.contains(.receiving),
      !watch.marks.contains(.cancelling)
    {
      cancel(watch.token)
      watches[row].marks.insert(.cancelling)
    }
    var doors: Marks = []
    // Even a client that nobody reads from is watched: its reset must be seen.
    if !wantsInput { doors = .watched }
    if watch.wanted.contains(.send) { doors.formUnion([.watched, .watchedToSend]) }
    // What the request has received comes first.
    if wantsInput, !needsRequest, watch.marks.isDisjoint(with: [.receiving, .soon]) {
      doors.formUnion([.watched, .watchedToReceive])
    }
    let before = watch.marks.intersection(.doors)
    guard doors != before else { return }
    watches[row].marks.subtract(.doors)
    watches[row].marks.formUnion(doors)
    let isDone = self.doors.watch(
      client: watch.fd, watch.token, Self.events(of: doors), wasWatched: !before.isEmpty,
      isWatched: !doors.isEmpty)
    // A client that nobody watches would hang for ever.
    if !isDone { _ = lost.push(watch.token) }
  }
}
