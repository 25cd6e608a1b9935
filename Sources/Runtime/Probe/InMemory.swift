// A backend without a kernel: what clients send is in memory, and so is what they are sent. It is a
// thin face of the `MemoryNetwork`, which whoever drives the probe shares; nothing is decided here.

internal import Control
internal import Kernel

struct InMemory: Backend, ~Copyable {
  let network: Immortal<MemoryNetwork>

  func now_ms() -> UInt64 { network.value.now_ms() }

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    network.value.armAccept(token)
  }

  mutating func disarmAccept(listener fd: Int32, token: Token) { network.value.disarmAccept() }

  var peer: Endpoint { network.value.peer }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    network.value.close(fd, resetting: resetting)
  }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    network.value.armDatagrams(token)
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) { network.value.disarmDatagrams() }

  var path: DatagramPath { network.value.path }

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    network.value.keepDatagrams(outbox, from: first)
  }

  mutating func disarmControl(_ fd: Int32) {}

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    network.value.armReceive(fd, token, isArmed: true)
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    network.value.armReceive(fd, token, isArmed: false)
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    // SAFETY: the caller's bytes are valid during the call.
    unsafe network.value.send(fd, bytes)
  }

  mutating func endSending(_ fd: Int32) { network.value.endSending(fd) }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    network.value.close(fd, resetting: resetting)
  }

  mutating func wait(timeout_ms: Int32?) { network.value.wait(timeout_ms: timeout_ms) }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    network.value.next(room)
  }

  func leavesOut(_ step: LoopStep) -> Bool { false }
}
