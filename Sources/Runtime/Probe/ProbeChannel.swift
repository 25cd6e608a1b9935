// The probe's way to whoever started it. Unlike a worker it may wait: nobody is served meanwhile,
// and nothing that it says may be lost.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

struct ProbeChannel: Sendable {
  let packets: Immortal<PacketChannel>

  init(_ control: consuming PacketChannel) { packets = Immortal(control) }

  /// Sends a message, however long that takes; ends the process when nobody is there any more.
  func send(_ message: ProbeMessage) {
    let packet = message.encoded()
    var triesLeft = 100_000
    while !packets.value.send(packet) {
      ck_poll_writable(packets.value.descriptor.rawValue)
      triesLeft -= 1
      if triesLeft == 0 { _exit(1) }
    }
  }
}
