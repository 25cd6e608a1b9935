// What waits at a socket of a listener, as the kernel counts it: asked for, never kept up to date.

public import CKernel

/// Clients that nobody has accepted, or datagrams that nobody has received.
public struct SocketQueue: Equatable, Sendable {
  /// Clients; for UDP bytes, each datagram with what the kernel needs for it.
  public let waiting: Int
  /// How many there may be.
  public let limit: Int
  /// Datagrams that were dropped since the socket is open; 0 for streams.
  public let dropped: Int

  private init(_ queue: ck_queue) {
    waiting = Int(queue.waiting)
    limit = Int(queue.limit)
    dropped = Int(queue.dropped)
  }

  // SAFETY: each call here writes one ck_queue.

  /// For each of these sockets: does a client, or a datagram, wait there now? One call for all of
  /// them; none, when the kernel does not say.
  public static func isAwaited(_ sockets: [Int32]) -> [Bool] {
    var readable = [UInt8](repeating: 0, count: sockets.count)
    // SAFETY: both arrays are valid inside the closures, and have that many elements.
    let result = unsafe sockets.withUnsafeBufferPointer { sockets in
      unsafe readable.withUnsafeMutableBufferPointer { readable in
        unsafe ck_readable_now(sockets.baseAddress, readable.baseAddress, sockets.count)
      }
    }
    return readable.map { result == 0 && $0 != 0 }
  }

  /// Of a TCP socket; nil when it does not listen. A client whose first bytes are waited for (see
  /// `setDeferAccept`) is not counted yet.
  public static func tcp(_ fd: Int32) -> SocketQueue? {
    var queue = ck_queue()
    // SAFETY: the kernel's answer is put into one struct, which lives here.
    return unsafe ck_tcp_queue(fd, &queue) == 1 ? SocketQueue(queue) : nil
  }

  /// TCP clients that have begun to connect to an address, or whose first bytes are waited for (see
  /// `setDeferAccept`), and that are in no queue yet; nil when the kernel does not say.
  public static func handshakes(at local: Endpoint) -> Int? {
    let number = ck_diagnosis_socket()
    guard number >= 0 else { return nil }
    let diagnosis = Descriptor(owning: number)
    var local = local
    // SAFETY: the endpoint is read during the call.
    let count = unsafe ck_handshakes(diagnosis.rawValue, &local)
    return count < 0 ? nil : Int(count)
  }

  /// Of a UDP socket.
  public static func udp(_ fd: Int32) -> SocketQueue? {
    var queue = ck_queue()
    // SAFETY: the kernel's answer is put into one struct, which lives here.
    return unsafe ck_udp_queue(fd, &queue) == 1 ? SocketQueue(queue) : nil
  }

  /// Of a Unix stream socket; nil when it does not listen, or when the kernel does not say.
  public static func unix(_ fd: Int32) -> SocketQueue? {
    let number = ck_diagnosis_socket()
    guard number >= 0 else { return nil }
    let diagnosis = Descriptor(owning: number)
    var queue = ck_queue()
    // SAFETY: the kernel's answer is put into one struct, which lives here.
    return unsafe ck_unix_queue(diagnosis.rawValue, fd, &queue) == 1 ? SocketQueue(queue) : nil
  }
}
