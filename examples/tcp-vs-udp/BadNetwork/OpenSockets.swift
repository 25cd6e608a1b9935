// Whether a server can be reached, for servers that do not say so: the kernel lists the sockets of
// the namespace that a process is in.

internal import Kernel

/// Looks for sockets that wait for somebody.
enum OpenSockets {
  /// Does a process, or another one in its namespace, listen for connections or datagrams?
  static func areThere(besides pid: Int32) -> Bool {
    ["tcp", "tcp6", "udp", "udp6"].contains { name in
      // Two of them are missing where IPv6 is off, all of them when the process has gone.
      let bytes = (try? Files.contents(of: "/proc/\(pid)/net/\(name)", limit: 1 << 20)) ?? []
      return isAnyOpen(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// The same from such a list. Its fourth column is a state: 0A listens, 07 is a socket for
  /// datagrams that has no peer. (One that asks for a name has one.)
  static func isAnyOpen(_ list: String) -> Bool {
    list.split(separator: "\n").dropFirst().contains { line in
      let fields = line.split(separator: " ")
      return fields.count > 3 && (fields[3] == "0A" || fields[3] == "07")
    }
  }
}
