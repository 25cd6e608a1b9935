// Connections come about here, and are given up here.
//
// The first bytes are sent before anybody waits for the connection: on loopback, and with a fast
// network, it is there by then, and the kernel is never asked to tell.

internal import CKernel
internal import Glibc
internal import Kernel

extension Generator {
  /// A request that goes out in one packet needs no TCP_NODELAY on a connection of its own.
  private static let packetByteCount = 1024

  private func newSocket() -> Int32 {
    switch plan.target {
    case .tcp(let endpoint):
      let fd = ck_stream_socket(Int32(endpoint.family))
      if fd >= 0, !plan.closes || requests.byteCount(of: 0) > Self.packetByteCount {
        _ = ck_set_no_delay(fd)
      }
      return fd
    case .udp(let endpoint): return ck_udp_socket(Int32(endpoint.family))
    case .unix: return ck_unix_socket()
    }
  }

  private func connect(_ fd: Int32) -> Int32 {
    switch plan.target {
    case .tcp(var endpoint), .udp(var endpoint):
      // SAFETY: one endpoint is read during the call.
      unsafe ck_connect(fd, &endpoint)
    // SAFETY: the path is kept alive for the call, which copies it.
    case .unix(let path): unsafe ck_connect_path(fd, path)
    }
  }

  /// Asks for a connection, and sends what the row has to send.
  mutating func open(_ row: Int) {
    let fd = newSocket()
    guard fd >= 0 else { return failConnect(row, -fd) }
    rows[row].fd = fd
    if rows[row].inFlight == 0 { rows[row].since_ns = now_ns }
    rows[row].state = .connecting
    connecting += 1
    switch connect(fd) {
    case 0: succeed(row)
    case -EINPROGRESS: break
    case -EAGAIN:
      // A Unix socket whose queue is full, and nothing has begun: again in a moment.
      _ = ck_close(fd)
      (rows[row].fd, rows[row].state) = (-1, .closed)
      connecting -= 1
      toOpen.push(row)
      return
    case let code: return failConnect(row, -code)
    }
    if rows[row].unsent > 0 { flush(row) }
    guard !isClosed(row) else { return }
    if rows[row].state == .connecting { rows[row].awaitsRoom = true }
    watch(row)
    // One without a request wants one; whoever waits for the connection gets it then.
    if rows[row].state == .open, rows[row].inFlight == 0 { refill(row) }
  }

  /// The connection is there.
  mutating func succeed(_ row: Int) {
    connecting -= 1
    rows[row].state = .open
    // A socket for datagrams is connected to whatever there is, or is not.
    if !isDatagram { hasConnected = true }
  }

  /// Tells the kernel what to tell of this row.
  mutating func watch(_ row: Int) {
    let events =
      rows[row].awaitsRoom ? EPOLLIN.rawValue | EPOLLOUT.rawValue : EPOLLIN.rawValue
    let operation = rows[row].isWatched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    let code = ck_epoll_control(epoll.rawValue, operation, rows[row].fd, events, UInt64(row))
    if code < 0 { return failConnect(row, -code) }
    rows[row].isWatched = true
  }

  /// Opens those that wait for it, some in each turn.
  mutating func openWaiting() {
    while let row = resting.first, rows[row].since_ns <= now_ns {
      _ = resting.pop()
      if plan.closes {
        setFree(row)
      } else {
        toOpen.push(row)
      }
    }
    let most = max(1, Self.maximumConnecting / plan.threads)
    var left = min(toOpen.count, opensLeft)
    while left > 0, connecting < most, let row = toOpen.pop() {
      left -= 1
      opensLeft -= 1
      if rows[row].inFlight > 0, now_ns > rows[row].since_ns &+ timeout_ns {
        failConnect(row, EAGAIN)
      } else {
        open(row)
      }
    }
  }

  /// It did not come about; the requests it had are lost, and it is tried again after a rest.
  mutating func failConnect(_ row: Int, _ code: Int32) {
    result.connectError = code
    result.counts.errors.connect += UInt64(max(1, rows[row].inFlight))
    failedConnects += 1
    clear(row)
    rows[row].since_ns = now_ns &+ Self.rest_ns
    resting.push(row)
  }

  /// Closes it and forgets what was in flight. A new connection begins with the first exchange.
  mutating func clear(_ row: Int) {
    if rows[row].fd >= 0 { _ = ck_close(rows[row].fd) }
    if rows[row].state == .connecting { connecting -= 1 }
    inFlight -= Int(rows[row].inFlight)
    var empty = Connection()
    empty.isFree = rows[row].isFree
    empty.isDirty = rows[row].isDirty
    rows[row] = empty
  }
}
