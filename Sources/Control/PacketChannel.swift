// One end of a SOCK_SEQPACKET pair. Never blocks: sending says whether it went, receiving says
// whether something was there, and the end of the other side is an outcome, not an error.

internal import CKernel
internal import Glibc
public import Kernel

/// What a receive found.
public enum PacketOutcome: Equatable, Sendable {
  case packet([UInt8])
  case nothing
  case ended
}

/// Sends and receives whole packets.
public struct PacketChannel: ~Copyable, Sendable {
  /// Owned by this end, for polling.
  public let descriptor: Descriptor
  /// What the descriptor must still stand for; nil where nobody else could have closed it.
  private let identity: DescriptorIdentity?

  /// Takes over one end of a packet pair.
  public init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
    identity = nil
  }

  /// The same in a process that runs a plugin: once the descriptor is not what it was, nothing is
  /// sent, and nothing arrives.
  public init(guarding descriptor: consuming Descriptor) {
    identity = DescriptorIdentity(of: descriptor.rawValue)
    self.descriptor = descriptor
  }

  private var isIntact: Bool { identity?.isIntact ?? true }

  /// Calls `body` with both ends of a connected pair, non-blocking and closed on exec. (A tuple
  /// cannot hold what has one owner.)
  public static func pair<Result: ~Copyable>(
    _ body: (consuming PacketChannel, consuming PacketChannel) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    // SAFETY: socketpair writes exactly two descriptors.
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe ck_packet_pair($0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    try SystemError.check("socketpair", result)
    return try body(
      PacketChannel(Descriptor(owning: ends.0)), PacketChannel(Descriptor(owning: ends.1)))
  }

  /// False when the other side does not keep up or has gone; nothing was sent then.
  public func send(_ packet: [UInt8]) -> Bool {
    guard isIntact else { return false }
    // SAFETY: the array's storage is valid inside the closure.
    return unsafe packet.withUnsafeBytes {
      unsafe ck_send(descriptor.rawValue, $0.baseAddress, $0.count, 0) == $0.count
    }
  }

  /// The next packet; one longer than `WorkerMessage.maximumByteCount` is cut there.
  public func receive() -> PacketOutcome {
    guard isIntact else { return .nothing }
    var result = 0
    // SAFETY: recv writes at most the buffer's count, and says how much.
    let packet = unsafe [UInt8](unsafeUninitializedCapacity: WorkerMessage.maximumByteCount) {
      buffer, count in
      result = unsafe ck_receive(descriptor.rawValue, buffer.baseAddress, buffer.count)
      count = max(0, result)
    }
    switch result {
    case 1...: return .packet(packet)
    case -Int(EAGAIN), -Int(EINTR): return .nothing
    default: return .ended
    }
  }
}
