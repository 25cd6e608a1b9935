// The third backend: a kernel that is played, from a seed, with everything going wrong that may. It
// is a thin face of the `World`, which the handler under test shares; nothing here is decided.

internal import CKernel
internal import Control
internal import Kernel

struct Simulated: Backend, ~Copyable {
  let world: Immortal<World>

  func now_ms() -> UInt64 { world.value.now_ms }

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    try world.value.armAccept(fd, tellsPeer: tellsPeer)
  }

  mutating func disarmAccept(listener fd: Int32, token: Token) { world.value.disarmAccept(fd) }

  var peer: Endpoint { world.value.peer }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    world.value.turnAway(fd, resetting: resetting)
  }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    try world.value.armDatagrams(fd)
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) { world.value.disarmDatagrams(fd) }

  var path: DatagramPath { world.value.served.path }

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    world.value.sendDatagrams(fd, outbox, from: first)
  }

  mutating func disarmControl(_ fd: Int32) { world.value.isControlReady = false }

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    world.value.armReceive(fd, token, eagerness)
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) { world.value.disarmReceive(fd, token) }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    // SAFETY: the caller's bytes are valid during the call.
    unsafe world.value.send(fd, token, bytes, isMoreToCome: isMoreToCome)
  }

  mutating func endSending(_ fd: Int32) { world.value.endSending(fd) }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    world.value.close(fd, token, resetting: resetting)
  }

  mutating func wait(timeout_ms: Int32?) { world.value.wait(timeout_ms: timeout_ms) }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    world.value.next(room)
  }

  func leavesOut(_ step: LoopStep) -> Bool { world.value.leftOut == step }
}
