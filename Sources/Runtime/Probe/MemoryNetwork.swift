// The network of a probe: clients and datagrams without a socket. Whoever drives the probe puts in
// what clients send, one piece at a time, and takes out what they were answered; the loop sees it
// through the backend `InMemory`.

internal import CKernel
internal import Control
internal import Kernel

struct MemoryNetwork: ~Copyable {
  /// No process has so many descriptors: whatever asks the kernel about one is told that.
  static let firstDescriptor: Int32 = 1 << 20
  /// What the one listener is called; clients see nothing of it.
  static let listener: Int32 = 1 << 19

  let core: Immortal<Core>
  private(set) var clients: [MemoryClient] = []
  private var free: [Int] = []
  private var arriving: [Int] = []
  private var acceptToken: Token?
  private var nextPort: UInt16 = 40000
  /// Of the client that was accepted last.
  private(set) var peer = Endpoint.none

  /// How long a wait may last when something may still come from elsewhere.
  var patience_ms: Int32 = 0
  /// The last wait found that nothing can happen any more, until a client does something.
  private(set) var isStill = false
  /// What the host's clock is ahead, after waits that nothing could have ended sooner.
  private(set) var skipped_ms: UInt64 = 0
  /// Where `next` goes on in this turn.
  private var place = 0
  private var isWoken = false

  /// Datagrams on their way to the host, and those that it sent.
  var datagrams: [[UInt8]] = []
  var sentDatagrams: [[UInt8]] = []
  private var datagramToken: Token?
  /// Where all datagrams come from, and what they were sent to.
  let path: DatagramPath

  init(core: Immortal<Core>) {
    self.core = core
    path = DatagramPath(
      peer: Endpoint(address: "127.0.0.1", port: 40000) ?? .none,
      local: Self.local, interface: 0, family: 4, reserved: 0)
  }

  /// The address that clients believe they have connected to.
  static var local: Endpoint { Endpoint(address: "127.0.0.1", port: 7788) ?? .none }

  /// Lets time pass; only while the network is still, so that nobody could tell.
  mutating func skip(to time_ms: UInt64) {
    let now_ms = now_ms()
    if time_ms > now_ms { skipped_ms += time_ms - now_ms }
  }

  func now_ms() -> UInt64 { ck_monotonic_ns() / 1_000_000 + skipped_ms }
}

// What clients do.
extension MemoryNetwork {
  /// A new client, which connects.
  mutating func connect() -> Int {
    let who: Int
    if let place = free.popLast() {
      who = place
      clients[who] = MemoryClient()
    } else {
      who = clients.count
      clients.append(MemoryClient())
    }
    arriving.append(who)
    return who
  }

  /// Sends a piece; the last one must have been received.
  mutating func send(_ bytes: some Sequence<UInt8>, from who: Int) {
    precondition(clients[who].isQuiet, "BUG: a piece was not received yet")
    clients[who].piece.removeAll(keepingCapacity: true)
    clients[who].piece.append(contentsOf: bytes)
    clients[who].taken = 0
  }

  mutating func end(_ who: Int, _ end: MemoryClient.End) { clients[who].end = end }

  /// From here on what it is sent is only counted.
  mutating func ignoreOutput(of who: Int) { clients[who].keepsOutput = false }

  /// What it was sent since the last time.
  mutating func takeOutput(of who: Int) -> [UInt8] {
    if clients[who].output.isEmpty { return [] }
    defer { clients[who].output = [] }
    return clients[who].output
  }

  /// Its place may be another client's; the host must have closed it.
  mutating func forget(_ who: Int) {
    precondition(clients[who].isClosed && !clients[who].isFree, "BUG: a client is not closed")
    clients[who] = MemoryClient(isFree: true)
    free.append(who)
  }
}

// What the loop asks for.
extension MemoryNetwork {
  private func place(of fd: Int32) -> Int { Int(fd - Self.firstDescriptor) }

  mutating func armAccept(_ token: Token) { acceptToken = token }
  mutating func disarmAccept() { acceptToken = nil }
  mutating func armDatagrams(_ token: Token) { datagramToken = token }
  mutating func disarmDatagrams() { datagramToken = nil }

  mutating func armReceive(_ fd: Int32, _ token: Token, isArmed: Bool) {
    clients[place(of: fd)].token = token
    clients[place(of: fd)].isArmed = isArmed
  }

  /// Takes everything: a client here reads as fast as it is sent to.
  mutating func send(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    let who = place(of: fd)
    clients[who].sentCount += bytes.count
    // SAFETY: the loop's bytes are valid during this call.
    if clients[who].keepsOutput { unsafe clients[who].output.append(contentsOf: bytes) }
    return bytes.count
  }

  mutating func endSending(_ fd: Int32) { clients[place(of: fd)].isOutputEnded = true }

  mutating func close(_ fd: Int32, resetting: Bool) {
    clients[place(of: fd)].isClosed = true
    clients[place(of: fd)].wasReset = resetting && !clients[place(of: fd)].isOutputEnded
  }

  mutating func keepDatagrams(_ outbox: borrowing DatagramOutbox, from first: Int) -> Int {
    for place in first..<outbox.count {
      let datagram = unsafe outbox.datagrams[place]
      // SAFETY: every entry's range lies inside the outbox's bytes.
      let bytes = unsafe UnsafeRawBufferPointer(
        start: outbox.bytes + Int(datagram.offset), count: Int(datagram.length))
      sentDatagrams.append(unsafe Array(bytes))
    }
    return outbox.count - first
  }

  private var isDeliverable: Bool {
    if !arriving.isEmpty, acceptToken != nil { return true }
    if !datagrams.isEmpty, datagramToken != nil { return true }
    return clients.contains { $0.isDeliverable }
  }

  /// Can anything but a client or the clock make something happen? Only a thread that may reply.
  var mayBeWoken: Bool { !core.value.handler.isInline && ck_thread_count() > 1 }

  /// Has the handler set a timer? Its own idea of time must not be cheated.
  private var hasHandlerTimer: Bool {
    if core.value.workerTimer_ms != 0 { return true }
    for row in 0..<core.value.connections.used where core.value.connections.isLive(row) {
      if core.value.connections[row].handlerTimer_ms != 0 { return true }
    }
    return false
  }

  mutating func wait(timeout_ms: Int32?) {
    place = 0
    isStill = false
    isWoken = false
    if timeout_ms == 0 || isDeliverable { return }
    if ck_poll_readable(core.value.wake, 0) == 1 {
      isWoken = true
      return
    }
    if !mayBeWoken {
      guard let timeout_ms else {
        isStill = true
        return
      }
      if !hasHandlerTimer {
        // Only the host's own clock is waited for: nobody could tell the difference.
        skipped_ms += UInt64(timeout_ms)
        return
      }
    }
    let most = min(timeout_ms ?? .max, patience_ms)
    if most > 0 { isWoken = ck_poll_readable(core.value.wake, most) == 1 }
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    var completion = Completion.nothing
    if isWoken {
      isWoken = false
      completion.kind = .woken
      return completion
    }
    if let token = acceptToken, !arriving.isEmpty {
      completion.kind = .accepted
      completion.token = token
      completion.result = Int(Self.firstDescriptor) + arriving.removeFirst()
      peer = Endpoint(address: "127.0.0.1", port: nextPort) ?? .none
      nextPort = nextPort == 65535 ? 40000 : nextPort + 1
      return completion
    }
    if let token = datagramToken, !datagrams.isEmpty { return datagram(token, room) }
    while place < clients.count {
      let who = place
      place += 1
      if clients[who].isDeliverable { return receive(who, room) }
    }
    return completion
  }

  private mutating func datagram<Room: ReceiveRoom & ~Copyable>(
    _ token: Token, _ room: borrowing Room
  ) -> Completion {
    let bytes = datagrams.removeFirst()
    var completion = Completion.nothing
    completion.kind = .datagram
    completion.token = token
    completion.result = bytes.count
    // SAFETY: the room holds a whole batch, and nobody sends longer ones than a datagram can be.
    unsafe room.datagrams.copyBytes(from: bytes)
    unsafe completion.bytes = room.datagrams
    return completion
  }

  /// The next bytes of a client, or its end behind them.
  private mutating func receive<Room: ReceiveRoom & ~Copyable>(
    _ who: Int, _ room: borrowing Room
  ) -> Completion {
    var completion = Completion.nothing
    guard let token = clients[who].token else { return completion }
    completion.kind = .received
    completion.token = token
    if clients[who].end == .reset {
      clients[who].isEndTaken = true
      // A client that is not read from is watched all the same.
      if clients[who].isArmed {
        completion.result = -Int(ECONNRESET)
      } else {
        completion.kind = .failed
      }
      return completion
    }
    guard !clients[who].isQuiet else {
      clients[who].isEndTaken = true
      return completion
    }
    let into = unsafe room.room(for: token)
    let count = min(into.count, clients[who].piece.count - clients[who].taken)
    let start = clients[who].taken
    // SAFETY: `count` bytes fit in the room and are left of the piece.
    unsafe clients[who].piece.withUnsafeBytes {
      unsafe into.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
    }
    clients[who].taken += count
    completion.result = count
    unsafe completion.bytes = into.baseAddress
    return completion
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func copyBytes(from bytes: [UInt8]) {
    // SAFETY: the caller has room for all of them.
    unsafe UnsafeMutableRawBufferPointer(start: self, count: bytes.count).copyBytes(from: bytes)
  }
}
