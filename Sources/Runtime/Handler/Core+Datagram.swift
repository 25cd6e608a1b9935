// A datagram on its way through the handler: it has a reply, a number and a peer for the length of
// one call, in a row of its own behind the table of connections, and nothing of it stays. Its
// replies wait in the outbox for the end of the batch. Every sender may be forged, so what it can
// make the host send is bounded, each source is answered so often at most, and ports whose owners
// answer by themselves are never answered.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

extension Core {
  /// RFC 768: the length has 16 bits and counts the header; IPv4's own header goes off as well.
  private static func mostBytes(_ path: DatagramPath) -> Int {
    path.peer.family == 4 ? 65507 : 65527
  }

  /// What one datagram may always cause: a packet that fits any Ethernet.
  private static var leastAllowance: Int { 1472 }

  /// Readies the row for a datagram. False when it is dropped: its source has been answered often
  /// enough, or there is no reply left for it.
  mutating func beginDatagram(
    socket: Int32, listener: UInt16, path: DatagramPath, byteCount: Int
  ) -> Bool {
    let row = connections.datagramRow
    var bucket = 0
    if !replyRates.limit.isNone {
      bucket = replyRates.bucket(of: path.peer)
      guard replyRates.admits(bucket, now_ms: now_ms) else {
        dropDatagram(from: path.peer)
        return false
      }
    }
    guard !isOverspent, let slot = replies.issue(row: row, as: ReplySlot.State.datagram) else {
      hit(.resources) { _ in "a datagram was dropped: there is no reply left for it" }
      return false
    }
    connections[row].fd = socket
    connections[row].slot = slot
    connections[row].listener = listener
    connections[row].peer = path.peer
    connections[row].id = nextConnection
    nextConnection += 1
    let allowance = max(Self.leastAllowance, byteCount.multipliedClamping(by: limits.amplification))
    datagram = DatagramCall(
      path: path, socket: socket, allowance: limits.amplification == 0 ? .max : allowance,
      isMuted: mutedPorts.contains(path.peer.port), bucket: bucket)
    if datagram.isMuted {
      hit(.muted, row: row) { core in
        "not answered: port \(path.peer.port) may answer by itself, for ever"
      }
    }
    return true
  }

  @inline(never)
  private mutating func dropDatagram(from peer: Endpoint) {
    let row = connections.datagramRow
    // For the log, which names nobody without a number.
    connections[row].peer = peer
    connections[row].id = nextConnection
    nextConnection += 1
    defer { connections[row].id = 0 }
    hit(.rate, row: row) { core in
      let rate = core.configuration.udpRate
      return "dropped: a source is answered \(rate) times a second, and "
        + "\(rate * ReplyRate.Limit.burst_s) times at once; raise that if this is a client, and "
        + "put port \(peer.port) into --udp-mute if it is a server that answers what it is sent"
    }
  }

  /// From here on its reply answers GONE (or MISUSE, to a handler that promised INLINE).
  mutating func endDatagram() {
    let row = connections.datagramRow
    killReply(row)
    // What threads replied while the call ran was in time.
    if isThreadWaiting { takeInbox() }
    let slot = connections[row].slot
    connections[row].slot = .none
    connections[row].fd = -1
    connections[row].id = 0
    connections[row].generation = (connections[row].generation &+ 1) & Token.generationMask
    replies.retire(slot)
    if !replyRates.limit.isNone, datagram.replyCount > 0 {
      replyRates.take(datagram.replyCount, from: datagram.bucket, now_ms: now_ms)
    }
  }

  /// A reply to the datagram being served; 0 bytes are an empty datagram. Loop thread.
  mutating func replyToDatagram(_ data: UnsafeRawPointer?, _ length: Int) -> Int64 {
    if length > Self.mostBytes(datagram.path) { return ReplySlot.Answer.tooBig }
    if datagram.isMuted { return ReplySlot.Answer.gone }
    // An empty one is a packet as well.
    let cost = max(1, length)
    guard cost <= datagram.allowance, outbox.hasRoom(for: length) else {
      let row = connections.datagramRow
      hit(.amplification, row: row) { core in
        "a reply of \(length) bytes was not sent: a sender that may be forged is not worth more"
      }
      return ReplySlot.Answer.full
    }
    datagram.allowance -= cost
    datagram.replyCount += 1
    // SAFETY: the handler's bytes are valid during this call; the outbox copies them.
    unsafe outbox.add(data, length, along: datagram.path)
    context.value.replies &+= 1
    return 0
  }

  /// The same on another thread, under the inbox's lock: what can be told at once.
  func judgeDatagramReply(_ length: Int) -> Int64? {
    if length > Self.mostBytes(datagram.path) { return ReplySlot.Answer.tooBig }
    return datagram.isMuted ? ReplySlot.Answer.gone : nil
  }
}

extension Int {
  fileprivate func multipliedClamping(by factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
