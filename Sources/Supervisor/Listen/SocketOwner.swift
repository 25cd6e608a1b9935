// Who has a port or a path: best effort, from /proc, for an error message. A user who may not look
// into a process sees less; nothing depends on it.

package import Kernel

/// Finds the process behind a socket.
package enum SocketOwner {
  /// `python3 (pid 123)`, or nil when it cannot be told.
  package static func describe(port: UInt16, of kind: NetworkSocket.Kind) -> String? {
    let name = kind == .tcp ? "tcp" : "udp"
    for table in ["/proc/net/\(name)", "/proc/net/\(name)6"] {
      for inode in sockets(in: text(of: table), port: port, of: kind) {
        if let pid = process(withSocket: inode) { return describe(pid: pid) }
      }
    }
    return nil
  }

  /// The same for a Unix socket.
  package static func describe(path: String) -> String? {
    for inode in sockets(in: text(of: "/proc/net/unix"), path: path) {
      if let pid = process(withSocket: inode) { return describe(pid: pid) }
    }
    return nil
  }

  /// `python3 (pid 123)`
  package static func describe(pid: Int32) -> String {
    let name = text(of: "/proc/\(pid)/comm").filter { $0 != "\n" }
    return name.isEmpty ? "pid \(pid)" : "\(name) (pid \(pid))"
  }

  /// The inodes of the sockets that take clients on a port, from a table as /proc/net/tcp is. Pure.
  package static func sockets(
    in table: String, port: UInt16, of kind: NetworkSocket.Kind
  ) -> [String] {
    let suffix = ":" + String(port, radix: 16, uppercase: true).leftPadded(to: 4)
    // LISTEN; a UDP socket that is bound and not connected is in the state that TCP calls CLOSE.
    let state = kind == .tcp ? "0A" : "07"
    return table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      // sl, local address, remote address, state, ..., inode
      guard fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == state else { return nil }
      return String(fields[9])
    }
  }

  /// The inodes of the sockets bound to a path, from a table as /proc/net/unix is. Pure.
  package static func sockets(in table: String, path: String) -> [String] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      // Num, RefCount, Protocol, Flags, Type, St, Inode, Path
      let fields = line.split(separator: " ", maxSplits: 7)
      guard fields.count == 8, fields[7] == path else { return nil }
      return String(fields[6])
    }
  }

  private static func text(of path: String) -> String {
    String(decoding: (try? Files.contents(of: path, limit: 1 << 24)) ?? [], as: UTF8.self)
  }

  private static func process(withSocket inode: String) -> Int32? {
    for entry in Files.names(in: "/proc") {
      guard let number = Int(unsignedDigits: entry), let pid = Int32(exactly: number) else {
        continue
      }
      for fd in Files.names(in: "/proc/\(pid)/fd")
      where Files.linkTarget(of: "/proc/\(pid)/fd/\(fd)") == "socket:[\(inode)]" {
        return pid
      }
    }
    return nil
  }
}
