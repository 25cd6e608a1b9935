// A network interface whose other side is this program: what the kernel sends over it is read here,
// and what is written here arrives at the kernel. Checksums are complete in what is read, and
// looked at in what is written.

internal import CLab
internal import Glibc
public import Kernel

/// Owns a TUN device; it goes away with its owner.
public struct TunDevice: ~Copyable {
  /// Can be read when a packet waits: for a poller.
  public let descriptor: Descriptor
  /// Of a packet, IP header included.
  public static let largestPacket = 1500
  private static let queueLength = 20_000

  /// Is there something to make devices with, that this process may use? Throws with the call
  /// `open` otherwise: ENOENT or ENODEV where the kernel has none, EACCES or EPERM where it is not
  /// for this user.
  public static func probe(_ path: String = "/dev/net/tun") throws(SystemError) {
    _ = Descriptor(owning: try SystemError.check("open", unsafe clab_open_tun(path)))
  }

  /// Makes a device in the namespace that this process is in, and switches it on. `address` and
  /// `mask` are IPv4, dotted. Throws with the call `open`, `TUNSETIFF` or `ioctl`.
  public init(
    name: String, address: String, mask: String, path: String = "/dev/net/tun"
  ) throws(SystemError) {
    // SAFETY, for each text passed to a call in this file: the call copies it.
    let device = Descriptor(owning: try SystemError.check("open", unsafe clab_open_tun(path)))
    try SystemError.check("TUNSETIFF", unsafe clab_attach_tun(device.rawValue, name))
    try SystemError.check(
      "ioctl",
      unsafe clab_bring_up(
        name, address, mask, Int32(Self.largestPacket), Int32(Self.queueLength)))
    descriptor = device
  }

  /// The next packet that the kernel sent, nil when there is none.
  public func receive() throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      return try descriptor.readSome(atMost: Self.largestPacket + 100)
    } catch {
      // EIO: somebody in the namespace has switched the interface off.
      if error.code == EAGAIN || error.code == EIO { return nil }
      throw error
    }
  }

  /// Hands a packet to the kernel; false when it did not want it (no memory, interface off).
  public func send(_ packet: [UInt8]) -> Bool {
    // SAFETY: the span's bytes are valid inside the closure.
    unsafe packet.withUnsafeBytes {
      unsafe write(descriptor.rawValue, $0.baseAddress, $0.count) == $0.count
    }
  }
}
