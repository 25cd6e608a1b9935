// A datagram in the simulated network: one that comes, or one that a reply has become and that must
// leave, exactly once and to the peer that it answers.

internal import CKernel
internal import Kernel

struct SimulatedDatagram: BitwiseCopyable {
  /// Where its bytes are in the pattern.
  var place: Int32
  var count: Int32
  /// The last number of its peer's address, and its port.
  var address: UInt8
  var port: UInt16

  var path: DatagramPath {
    var path = DatagramPath()
    path.family = 4
    path.peer.family = 4
    path.peer.address.0 = 10
    path.peer.address.3 = address
    path.peer.port = port
    path.local.family = 4
    path.local.address.0 = 192
    return path
  }

  /// Does an answer travel to where this one goes?
  func goes(along path: DatagramPath) -> Bool {
    path.peer.family == 4 && path.peer.address.3 == address && path.peer.port == port
      && path.local.family == 4 && path.local.address.0 == 192
  }
}
