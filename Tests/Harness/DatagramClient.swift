// A UDP client. It is never connected, so that it sees which address an answer comes from, and who
// else writes to it.

internal import Foundation
internal import Synchronization

/// A socket that sends and receives datagrams.
package final class DatagramClient: Sendable {
  /// One datagram and who sent it.
  package struct Datagram: Equatable, Sendable {
    package var bytes: [UInt8]
    package var source: SocketAddress
    package var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// The most that fits, by the protocol: 65,535 less the headers (IPv6 counts its own apart).
  package static func maximumByteCount(over transport: Transport) -> Int {
    transport == .udp6 || transport == .udpStar6 ? 65527 : 65507
  }

  private let server: SocketAddress
  private let open: Atomic<Int32>
  private var descriptor: Int32 { open.load(ordering: .relaxed) }

  /// Binds to an address of this machine; a `source` of nil leaves that to the kernel.
  package init(_ server: SocketAddress, source: SocketAddress? = nil) throws {
    self.server = server
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    open = Atomic(socket(server.family, type, 0))
    guard descriptor >= 0 else { throw Failure.system("socket") }
    // A few of the largest.
    var room = Int32(2 << 20)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    if let source {
      guard source.withKernelAddress({ bind(descriptor, $0, $1) }) == 0 else {
        throw Failure.system("bind to \(source)")
      }
    }
  }

  deinit { shut() }

  package var localPort: UInt16 {
    SocketAddress.read { Int(getsockname(descriptor, $0, $1)) }.address.port
  }

  /// One datagram, to the server or to another address.
  package func send(_ bytes: [UInt8], to other: SocketAddress? = nil) throws {
    let sent = (other ?? server).withKernelAddress { address, size in
      Int32(sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, size))
    }
    guard sent == bytes.count else { throw Failure.system("send \(bytes.count) bytes") }
  }

  package func send(_ text: String, to other: SocketAddress? = nil) throws {
    try send(Array(text.utf8), to: other)
  }

  /// The next datagram, or nil when none comes in time.
  package func receiveIfAny(within limit: Duration) throws -> Datagram? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let ready = poll(&entry, 1, Int32(limit / .milliseconds(1)))
    guard ready >= 0 || errno == EINTR else { throw Failure.system("poll") }
    guard ready > 0 else { return nil }
    var room = [UInt8](repeating: 0, count: 65536)
    let (count, source) = SocketAddress.read { recvfrom(descriptor, &room, 65536, 0, $0, $1) }
    guard count >= 0 else { throw Failure.system("receive") }
    return Datagram(bytes: Array(room[..<count]), source: source)
  }

  /// The next datagram; throws when none comes.
  package func receive(within limit: Duration = .seconds(10)) throws -> Datagram {
    guard let datagram = try receiveIfAny(within: limit) else {
      throw Failure("no datagram within \(limit)")
    }
    return datagram
  }

  /// Sends a text and returns the answer's.
  package func ask(_ text: String) throws -> String {
    try send(text)
    return try receive().text
  }

  /// Closes the socket: what is sent to it now is answered by the kernel.
  package func shut() {
    let last = open.exchange(-1, ordering: .relaxed)
    if last >= 0 { close(last) }
  }
}
