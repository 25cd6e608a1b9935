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

/// A source of datagrams as the limit of replies sees it, reckoned in another way than there: what
/// is missing from its bucket, and as of when.
struct SimulatedSource: BitwiseCopyable {
  static let count = 3

  private var missing_ns: UInt64 = 0
  private var since_ms: UInt64 = 0
  private var isShut = false

  /// May its next datagram be answered?
  mutating func admits(_ limit: ReplyRate.Limit, now_ms: UInt64) -> Bool {
    let passed_ns = (now_ms - since_ms) * 1_000_000
    missing_ns -= min(missing_ns, passed_ns)
    since_ms = now_ms
    if isShut { isShut = missing_ns + limit.reserve_ns >= limit.burst_ns }
    if missing_ns >= limit.burst_ns { isShut = true }
    return !isShut
  }

  mutating func answered(_ limit: ReplyRate.Limit) { missing_ns += limit.interval_ns }
}
