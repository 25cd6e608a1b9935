// Datagrams through the filters. They have no connection, so a delay and a rate hold copies of them
// in one bounded queue on the way out, and a rate that is used up leaves those that come in the
// kernel's queue. A datagram that is lost here was sent as far as the loop knows.

internal import CKernel
internal import Glibc
internal import Kernel

/// A UDP listener's socket.
struct DatagramGate {
  var fd: Int32 = -1
  var token = Token(rawValue: 0)
  var isArmed = false
  var incoming = TokenBucket(bytesPerSecond: 0, now_ms: 0)
  /// It is read again then; 0 while it is read.
  var resume_ms: UInt64 = 0
}

extension Filtered where IO: ~Copyable {
  /// Between two attempts to read a socket again.
  private static var retry_ms: UInt64 { 100 }

  var path: DatagramPath { inner.path }
  var isHolding: Bool { !held.isEmpty }

  // MARK: In

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    try inner.armDatagrams(fd, token)
    let bucket = TokenBucket(bytesPerSecond: chain.rate, now_ms: inner.now_ms())
    gates[token.index] = DatagramGate(fd: fd, token: token, isArmed: true, incoming: bucket)
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) {
    gates[token.index].isArmed = false
    gates[token.index].resume_ms = 0
    inner.disarmDatagrams(fd, token)
  }

  mutating func receivedDatagram(_ completion: Completion) -> Completion {
    let count = completion.result
    guard count >= 0 else { return completion }
    if chain.rate != 0 { meterDatagram(completion.token.index, count) }
    let peer = inner.path.peer
    // SAFETY: the datagram of this completion, which the loop has not seen yet.
    let bytes = unsafe UnsafeRawBufferPointer(start: completion.bytes, count: count)
    if datagramDice.dropIn.happens(chain.drop) {
      if chain.logsDroppedInput { unsafe log.datagram(peer, "received", bytes) }
      log.lostDatagram(peer, "received")
      return .nothing
    }
    unsafe log.datagram(peer, "received", bytes)
    return completion
  }

  /// A batch of them may come at once, and is paid for afterwards.
  private mutating func meterDatagram(_ place: Int, _ count: Int) {
    gates[place].incoming.take(max(1, count))
    let now_ms = inner.now_ms()
    guard gates[place].incoming.available(chain.rate, now_ms: now_ms) == 0,
      gates[place].isArmed, gates[place].resume_ms == 0
    else { return }
    gates[place].resume_ms = now_ms + gates[place].incoming.wait_ms(chain.rate, for: 1)
    inner.disarmDatagrams(gates[place].fd, gates[place].token)
  }

  /// Reads the sockets again whose rate has something left.
  mutating func resumeDatagrams() {
    for place in gates.indices
    where gates[place].resume_ms != 0 && gates[place].resume_ms <= turn_ms {
      if gates[place].incoming.available(chain.rate, now_ms: turn_ms) == 0 {
        gates[place].resume_ms = turn_ms + gates[place].incoming.wait_ms(chain.rate, for: 1)
        continue
      }
      do throws(SystemError) {
        try inner.armDatagrams(gates[place].fd, gates[place].token)
        gates[place].resume_ms = 0
      } catch {
        gates[place].resume_ms = turn_ms + Self.retry_ms
      }
    }
  }

  // MARK: Out

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    var taken = 0
    for place in first..<outbox.count {
      let length = outbox.length(place)
      guard held.hasRoom(for: length) else { break }
      // SAFETY: a datagram of the outbox, which lies inside its bytes.
      let datagram = unsafe outbox.datagrams[place]
      let start = unsafe UnsafeRawPointer(outbox.bytes) + Int(datagram.offset)
      let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
      held.add(.init(due_ms: datagramDue_ms(length), fd: fd, path: datagram.path, bytes: bytes))
      taken += 1
    }
    sendRipeDatagrams()
    return taken > 0 ? taken : -Int(ENOBUFS)
  }

  private mutating func datagramDue_ms(_ length: Int) -> UInt64 {
    let now_ms = inner.now_ms()
    var due_ms = now_ms
    if let delay = chain.delay { due_ms += 1 + datagramDice.delay.among(delay) }
    if chain.rate != 0 {
      if datagramBucket.available(chain.rate, now_ms: now_ms) < length {
        due_ms = max(due_ms, now_ms + datagramBucket.wait_ms(chain.rate, forAll: length))
      }
      datagramBucket.take(max(1, length))
    }
    return due_ms
  }

  /// Sends those whose time has come.
  mutating func sendRipeDatagrams() {
    let now_ms = inner.now_ms()
    var fd: Int32 = -1
    while let datagram = held.first, datagram.due_ms <= now_ms {
      if datagram.fd != fd || !leaving.hasRoomForMany { flushLeaving(fd) }
      fd = datagram.fd
      held.removeFirst()
      leave(datagram)
    }
    flushLeaving(fd)
  }

  private mutating func leave(_ datagram: HeldDatagrams.Held) {
    var bytes = datagram.bytes
    let peer = datagram.path.peer
    let isLost = datagramDice.dropOut.happens(chain.drop)
    if !chain.logsCorrupted, !isLost || chain.logsDroppedOutput { log.sentDatagram(peer, bytes) }
    if !isLost, !bytes.isEmpty, datagramDice.corrupt.happens(chain.corrupt) {
      let bit = datagramDice.corrupt.below(bytes.count * 8)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    if chain.logsCorrupted, !isLost || chain.logsDroppedOutput { log.sentDatagram(peer, bytes) }
    if isLost {
      log.lostDatagram(peer, "sent")
      return
    }
    // SAFETY: the array's bytes are valid inside the closure; the outbox copies them.
    unsafe bytes.withUnsafeBytes {
      unsafe leaving.add($0.baseAddress, $0.count, along: datagram.path)
    }
  }

  /// What the kernel does not take is lost and counted, as from the loop.
  private mutating func flushLeaving(_ fd: Int32) {
    var sent = 0
    while sent < leaving.count {
      let result = inner.sendDatagrams(fd, leaving, from: sent)
      if result > 0 {
        sent += result
      } else if result != -Int(EINTR) {
        log.countDatagramError()
        sent += 1
      }
    }
    leaving.clear()
  }
}
