// A backend with real sockets round it: a listener, clients, and the way a loop drives it.

internal import CKernel
internal import Foundation
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// One piece of memory for every receive.
@safe struct OneRoom: ReceiveRoom {
  // SAFETY: never freed.
  let bytes: UnsafeMutableRawBufferPointer
  init(_ count: Int = 65536) {
    unsafe bytes = .allocate(byteCount: count, alignment: 16)
  }
  func room(for token: Token) -> UnsafeMutableRawBufferPointer { unsafe bytes }

  /// Room for a batch of datagrams; made once, for all tests.
  var datagrams: UnsafeMutableRawPointer { unsafe batchMemory }
}

nonisolated(unsafe) private let batchMemory = UnsafeMutableRawPointer.allocate(
  byteCount: DatagramBatch.byteCount, alignment: 64)

/// A client's end of a connection: blocking, closed by hand.
struct BackendClient {
  let fd: Int32

  func send(_ bytes: [UInt8]) {
    let sent = unsafe Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    #expect(sent == bytes.count)
  }

  /// So many bytes, or fewer at the end.
  func receive(_ count: Int) -> Int {
    var bytes = [UInt8](repeating: 0, count: count)
    var received = 0
    while received < count {
      let result = unsafe recv(fd, &bytes, count - received, 0)
      if result <= 0 { break }
      received += result
    }
    return received
  }

  func close() { _ = ck_close(fd) }

  func reset() {
    _ = ck_reset_on_close(fd)
    _ = ck_close(fd)
  }
}

/// A backend with one listener, and what it takes to drive it as the loop does.
final class BackendHost {
  let kind: BackendKind
  var io: EitherBackend
  let listener: Int32
  let wake: Int32
  let control: Int32
  let rooms = OneRoom()
  let port: UInt16

  init(_ kind: BackendKind) throws {
    self.kind = kind
    wake = try SystemError.check("eventfd", ck_eventfd())
    control = try SystemError.check("eventfd", ck_eventfd())
    io = try EitherBackend(kind, wake: wake, control: control)
    (listener, port) = try Self.listen()
  }

  static func listen() throws -> (Int32, UInt16) {
    let fd = try SystemError.check("socket", ck_stream_socket(4))
    var endpoint = Endpoint(address: "127.0.0.1", port: 0)!
    try SystemError.check("bind", unsafe ck_bind(fd, &endpoint))
    try SystemError.check("listen", ck_listen(fd, 256))
    return (fd, try Endpoint.local(of: fd).port)
  }

  deinit {
    for fd in [wake, control, listener] { _ = ck_close(fd) }
  }

  static func connect(_ port: UInt16) throws -> BackendClient {
    let fd = try SystemError.check("socket", ck_stream_socket(4))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let flags = fcntl(fd, F_GETFL)
    _ = fcntl(fd, F_SETFL, flags & ~O_NONBLOCK)
    let result = unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(
          fd, __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    return BackendClient(fd: fd)
  }

  func connect() throws -> BackendClient { try Self.connect(port) }

  /// A connection that the backend has not heard of: both ends.
  func pair() throws -> (BackendClient, Int32) {
    let client = try connect()
    return (client, try accept())
  }

  /// Both ends of a Unix connection.
  static func unixPair() throws -> (BackendClient, Int32) {
    var ends: [Int32] = [0, 0]
    try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    try SystemError.check("fcntl", ck_set_nonblocking(ends[1]))
    return (BackendClient(fd: ends[0]), ends[1])
  }

  func accept() throws -> Int32 {
    var peer = Endpoint.none
    let deadline = ContinuousClock().now + .seconds(10)
    while ContinuousClock().now < deadline {
      let fd = unsafe ck_accept(listener, &peer)
      if fd >= 0 { return fd }
      usleep(1000)
    }
    throw SystemError("accept4", code: ETIMEDOUT)
  }

  func next() -> Completion { io.next(rooms) }

  /// All completions of one wait.
  func turn(_ timeout_ms: Int32? = 1000) -> [Completion] {
    io.wait(timeout_ms: timeout_ms)
    return rest()
  }

  func rest() -> [Completion] {
    var completions: [Completion] = []
    while true {
      let completion = next()
      if completion.kind == .none { return completions }
      completions.append(completion)
    }
  }

  /// The next turn in which anything is delivered; nothing within ten seconds fails.
  func turnWithCompletions() throws -> [Completion] {
    let deadline = ContinuousClock().now + .seconds(10)
    while ContinuousClock().now < deadline {
      let completions = turn(100)
      if !completions.isEmpty { return completions }
    }
    throw SystemError("epoll_wait", code: ETIMEDOUT)
  }

  /// Fills a socket until the kernel takes no more; how many bytes it took.
  func fill(_ fd: Int32, _ token: Token) -> Int {
    let bytes = [UInt8](repeating: 7, count: 1 << 20)
    var total = 0
    while true {
      let sent = unsafe bytes.withUnsafeBytes {
        unsafe io.send(fd, token, $0, isMoreToCome: false)
      }
      guard sent >= 0 else { return sent }
      total += sent
      if sent < bytes.count { return total }
    }
  }
}

func clientToken(_ row: Int, _ generation: UInt32 = 0) -> Token {
  Token(purpose: .connection, index: row, generation: generation)
}

func receivedBytes(_ completion: Completion) -> [UInt8] {
  unsafe Array(UnsafeRawBufferPointer(start: completion.bytes, count: completion.result))
}

extension BackendHost {
  /// Is this descriptor in an epoll set of this process?
  func isRegistered(_ fd: Int32) throws -> Bool {
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo") {
      guard let text = try? String(contentsOfFile: "/proc/self/fdinfo/\(name)", encoding: .utf8)
      else { continue }
      for line in text.split(separator: "\n") where line.hasPrefix("tfd:") {
        let words = line.split(separator: " ", omittingEmptySubsequences: true)
        if words.count > 1, Int32(words[1]) == fd { return true }
      }
    }
    return false
  }
}
