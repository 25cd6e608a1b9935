// What the call for one datagram may still do: where its replies go, and how much of them.

internal import CKernel
internal import Kernel

/// The datagram being served. Loop thread; other threads read `isMuted` under the inbox's lock.
struct DatagramCall: BitwiseCopyable {
  var path = DatagramPath()
  /// The socket that it came by and its replies leave by; -1 before the first.
  var socket: Int32 = -1
  /// Bytes that may still answer it.
  var allowance = 0
  /// Its sender's port is one that is never answered.
  var isMuted = false
  /// Its sender's bucket in `ReplyRates`, and how many replies are to be taken from it.
  var bucket = 0
  var replyCount: UInt64 = 0
}

/// The set of source ports that nothing is sent to.
struct PortSet: ~Copyable {
  private let bits: FlatTable<UInt64>

  /// Port 0 is always in it: nobody can have sent from there.
  init(_ ports: [UInt16]) throws(SystemError) {
    bits = try FlatTable(capacity: 1024)
    for port in ports + [0] { bits[Int(port >> 6)] |= 1 << UInt64(port & 63) }
  }

  func contains(_ port: UInt16) -> Bool { bits[Int(port >> 6)] & 1 << UInt64(port & 63) != 0 }
}
