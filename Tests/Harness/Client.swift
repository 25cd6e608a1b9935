// A blocking client over TCP or a Unix socket. Every operation has a deadline, and an orderly end
// is told from a reset.

internal import Foundation
internal import Synchronization

/// One connection to a server on this machine. One thread may send while another receives.
package final class Client: Sendable {
  /// How the server's side ended.
  package enum End: Equatable, Sendable { case orderly, reset }

  /// What was received until the end.
  package struct Answer: Equatable, Sendable, CustomStringConvertible {
    package var bytes: [UInt8]
    package var end: End

    package init(_ text: String, _ end: End) {
      bytes = Array(text.utf8)
      self.end = end
    }
    init(bytes: [UInt8], end: End) {
      self.bytes = bytes
      self.end = end
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
    package var description: String {
      bytes.count > 200 ? "\(bytes.count) bytes, \(end)" : "\(text.debugDescription), \(end)"
    }
  }

  package static let patience = Duration.seconds(10)
  private let open: Atomic<Int32>
  private var descriptor: Int32 { open.load(ordering: .relaxed) }

  /// Connects. `source` is an address of loopback; a small `receiveBuffer` makes backpressure
  /// quick (over TCP: what a Unix socket holds is the sender's).
  package init(
    _ server: SocketAddress, source: String? = nil, receiveBuffer: Int32? = nil
  ) throws {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    open = Atomic(socket(server.family, type, 0))
    guard descriptor >= 0 else { throw Failure.system("socket") }
    set(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 10, tv_usec: 0))
    set(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: 10, tv_usec: 0))
    if server.family != AF_UNIX { set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1)) }
    if let receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
    if let source {
      let here = SocketAddress.internet(host: source, port: 0)
      guard here.withKernelAddress({ bind(descriptor, $0, $1) }) == 0 else {
        throw Failure.system("bind to \(source)")
      }
    }
    guard server.withKernelAddress({ connect(descriptor, $0, $1) }) == 0 else {
      throw Failure.system("connect to \(server)")
    }
  }

  /// Connects over TCP.
  package convenience init(port: UInt16, host: String = "127.0.0.1") throws {
    try self.init(.internet(host: host, port: port))
  }

  deinit { shut() }

  /// The client as the server's log and `info` name it: `127.0.0.1:40000`, or `unix`.
  package var name: String {
    SocketAddress.read { Int(getsockname(descriptor, $0, $1)) }.address.description
  }

  /// A port that was free a moment ago, for a server that has to be told one. Outside the range
  /// that the kernel gives to clients: a soak beside this test may use any of those.
  package static func freePort() throws -> UInt16 {
    for _ in 0..<100 {
      let port = UInt16.random(in: 12000..<32000)
      let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(probe) }
      let address = SocketAddress.internet(host: "0.0.0.0", port: port)
      let isFree = address.withKernelAddress { bind(probe, $0, $1) } == 0
      if isFree { return port }
    }
    throw Failure("none of a hundred ports is free")
  }

  /// Sends all of it; throws when the server no longer takes it.
  package func send(_ bytes: some Collection<UInt8>) throws {
    let all = Array(bytes)
    var sent = 0
    while sent < all.count {
      let count = all[sent...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Failure.system("send after \(sent) bytes") }
      sent += count
    }
  }

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// One packet for each piece, `gap` apart.
  package func send(
    _ bytes: [UInt8], inPiecesOf size: Int, gap: Duration = .zero
  ) throws {
    for start in stride(from: 0, to: bytes.count, by: size) {
      if start > 0, gap > .zero { pause(for: gap) }
      try send(bytes[start..<min(bytes.count, start + size)])
    }
  }

  /// Half-close: the server sees the end of input, and may still answer.
  package func shutdownSend() throws {
    guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw Failure.system("shutdown") }
  }

  /// At least one byte, or nil at an orderly end; throws on a reset or after the patience.
  package func receive(atMost limit: Int = 65536) throws -> [UInt8]? {
    var room = [UInt8](repeating: 0, count: limit)
    while true {
      let count = recv(descriptor, &room, limit, 0)
      if count > 0 { return Array(room[..<count]) }
      if count == 0 { return nil }
      if errno == EINTR { continue }
      if errno == EAGAIN { throw Failure("nothing received for \(Client.patience)") }
      throw Failure.system("receive")
    }
  }

  package func receive(exactly count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      guard let some = try receive(atMost: count - all.count) else {
        throw Failure(
          "the server ended after \(all.count) of \(count) bytes: "
            + String(decoding: all, as: UTF8.self).debugDescription)
      }
      all += some
    }
    return all
  }

  /// As many bytes as the text has, as text.
  package func receiveText(_ byteCount: Int) throws -> String {
    String(decoding: try receive(exactly: byteCount), as: UTF8.self)
  }

  /// Everything until the server's end, orderly or not; throws when neither comes in time.
  package func receiveToEnd(within limit: Duration = .seconds(20)) throws -> Answer {
    let start = ContinuousClock.now
    var all: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65536)
    while ContinuousClock.now - start < limit {
      let count = recv(descriptor, &room, room.count, 0)
      if count > 0 {
        all += room[..<count]
      } else if count == 0 {
        return Answer(bytes: all, end: .orderly)
      } else if errno == ECONNRESET {
        return Answer(bytes: all, end: .reset)
      } else if errno != EINTR && errno != EAGAIN {
        throw Failure.system("receive")
      }
    }
    throw Failure("no end within \(limit), only \(Answer(bytes: all, end: .orderly))")
  }

  /// Waits for bytes or an end; false when neither comes in time.
  package func hasInput(within limit: Duration) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, Int32(limit / .milliseconds(1))) > 0
  }

  /// What arrives within a time, without waiting for more.
  package func receiveWhatComes(within limit: Duration) throws -> [UInt8] {
    var all: [UInt8] = []
    let start = ContinuousClock.now
    while true {
      let left = limit - (ContinuousClock.now - start)
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard left > .zero, poll(&entry, 1, Int32(left / .milliseconds(1)) + 1) > 0 else {
        return all
      }
      guard let some = try receive() else { return all }
      all += some
    }
  }

  /// Has the server ended its side, orderly or not, with nothing left to receive? Waits so long.
  package func sawEnd(within limit: Duration) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Int32(limit / .milliseconds(1))) > 0 else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) <= 0
  }

  /// Ends the connection with a reset. (A Unix socket knows none; there it is an end like another.)
  package func reset() {
    set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    shut()
  }

  /// Ends the connection in order.
  package func shut() {
    let last = open.exchange(-1, ordering: .relaxed)
    if last >= 0 { close(last) }
  }

  private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: Value) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size))
  }
}
