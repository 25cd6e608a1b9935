// From a datagram to a call and back: no connection, no state, nothing that a forged sender could
// make grow. Replies leave together at the end of a batch, by the socket that the datagrams came
// by. What the kernel does not take is lost and counted, as datagrams may be.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension Loop where IO: ~Copyable {
  mutating func receivedDatagram(_ completion: Completion) {
    let socket = completion.token.index
    let count = completion.result
    guard count >= 0, isPolled[socket] else {
      // An error that an earlier datagram of ours came back with, or one that did not fit.
      if count < 0 {
        core.value.page.value.datagram_errors &+= 1
        if Core.isNoSocket(count) { core.value.checkOwn() }
      }
      return
    }
    core.value.page.value.datagrams_in &+= 1
    core.value.page.value.bytes_in &+= UInt64(count)
    let fd = sockets[socket]
    if core.value.datagram.socket != fd || !core.value.outbox.hasRoomForMany { sendDatagrams() }
    guard
      core.value.beginDatagram(
        socket: fd, listener: core.value.configuration.sockets[socket], path: io.path,
        byteCount: count)
    else { return }
    let row = core.value.connections.datagramRow
    // SAFETY: the room for a datagram is longer than any datagram.
    let bytes = unsafe completion.bytes!
    unsafe (bytes + count).storeBytes(of: 0, as: UInt8.self)
    if core.value.configuration.logsRequests { unsafe core.value.logRequest(row, bytes, count) }
    let callee = core.value.beginCalls(row)
    let answer = unsafe core.value.callHandle(row, callee, bytes, count)
    core.value.page.value.requests &+= 1
    if answer < 0 { core.value.page.value.protocol_errors &+= 1 }
    core.value.endDatagram()
  }

  /// Sends what waits in the outbox.
  mutating func sendDatagrams() {
    let count = core.value.outbox.count
    var sent = 0
    while sent < count {
      let result = io.sendDatagrams(core.value.datagram.socket, core.value.outbox, from: sent)
      if result > 0 {
        for place in sent..<sent + result {
          core.value.page.value.bytes_out &+= UInt64(core.value.outbox.length(place))
        }
        core.value.page.value.datagrams_out &+= UInt64(result)
        sent += result
      } else if result != -Int(EINTR) {
        // One that cannot be sent must not hold up the others; of those that follow on a full
        // socket each is tried, since the kernel takes small ones sooner.
        core.value.page.value.datagram_errors &+= 1
        if Core.isNoSocket(result) { core.value.checkOwn() }
        sent += 1
      }
    }
    core.value.outbox.clear()
  }
}
