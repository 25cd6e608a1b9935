// A network of its own, in which nothing is but what was made there. It has no name: the kernel
// removes it, and everything in it, when the last process in it and the last descriptor of it are
// gone. Making one moves this process into it, since devices and counters are those of the place
// where they are opened; there is no way back from inside a user namespace.

internal import CLab
public import Kernel

/// Owns a network namespace.
public struct NetworkNamespace: ~Copyable {
  /// What processes are started in; see `LeashedProcess.Setup.namespace`.
  public let descriptor: Descriptor
  private let devices: Descriptor
  private let protocols: Descriptor
  private let extensions: Descriptor

  /// Moves this process into a new, empty namespace, with `lo` up and IPv6 off if that is possible.
  /// Throws with the call `unshare` when that is not allowed.
  public init() throws(SystemError) {
    try SystemError.check("unshare", clab_unshare_network())
    // Where it is refused (a container's read-only /proc/sys) a few packets more cross the link,
    // which are passed over there.
    // SAFETY, for each text passed to a call in this file: the call copies it.
    for scope in ["all", "default"] {
      _ = unsafe clab_write_text("/proc/sys/net/ipv6/conf/\(scope)/disable_ipv6", "1")
    }
    try SystemError.check("ioctl", unsafe clab_bring_up("lo", nil, nil, 0, 0))
    let place = try Self.open("/proc/self/ns/net")
    let devices = try Self.open("/proc/self/net/dev")
    let protocols = try Self.open("/proc/self/net/snmp")
    extensions = try Self.open("/proc/self/net/netstat")
    descriptor = place
    self.devices = devices
    self.protocols = protocols
  }

  /// Makes this process root of a user namespace of its own, which may then make network
  /// namespaces. Only before any thread was started. Throws with the call `unshare` when that is
  /// not allowed, and with the name of a file in /proc when that could not be written.
  public static func becomeRoot(user: UInt32, group: UInt32) throws(SystemError) {
    try SystemError.check("unshare", clab_unshare_user())
    for (file, text) in [
      ("setgroups", "deny"), ("uid_map", "0 \(user) 1"), ("gid_map", "0 \(group) 1"),
    ] {
      let path = "/proc/self/\(file)"
      try SystemError.check(path, unsafe clab_write_text(path, text))
    }
  }

  private static func open(_ path: String) throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("open \(path)", unsafe clab_open(path)))
  }

  /// `/proc/net/dev` of this namespace, as it is now.
  public func deviceText() throws(SystemError) -> String { try Self.text(of: devices) }
  /// `/proc/net/snmp` and `/proc/net/netstat` of this namespace, as they are now.
  public func counterText() throws(SystemError) -> String {
    try Self.text(of: protocols) + Self.text(of: extensions)
  }

  private static func text(of file: borrowing Descriptor) throws(SystemError) -> String {
    var bytes: [UInt8] = []
    while bytes.count < 1 << 20 {
      var result = 0
      let offset = bytes.count
      // SAFETY: the call writes at most the buffer's count, and says how much.
      bytes += unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
        result = unsafe clab_read_at(file.rawValue, buffer.baseAddress, buffer.count, offset)
        count = max(0, result)
      }
      if try SystemError.check("read", result) == 0 { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Kills every process in it, whoever started it; this one must be elsewhere.
  public func killEverything() { _ = clab_kill_inside(descriptor.rawValue) }
}
