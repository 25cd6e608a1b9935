// Who has a port or a path: best effort, from /proc, for an error message. A user who may not look
// into a process sees less; nothing depends on it.

package import Kernel

/// Finds the process behind a socket.
package enum SocketOwner {
  /// `python3 (pid 123)`, or nil when it cannot be told.
  package static func describe(port: UInt16, of kind: NetworkSocket.Kind) -> String? {
    let name = kind == .tcp ? "tcp" : "udp"
    for path in ["/proc/net/\(name)", "/proc/net/\(name)6"] {
      for inode in sockets(in: contents(of: path), port: port, of: kind) {
        if let pid = process(withSocket: inode) { return describe(pid: pid) }
      }
    }
    return nil
  }

  /// The same for a Unix socket.
  package static func describe(path: String) -> String? {
    for inode in sockets(in: contents(of: "/proc/net/unix"), path: path) {
      if let pid = process(withSocket: inode) { return describe(pid: pid) }
    }
    return nil
  }

  /// `python3 (pid 123)`
  package static func describe(pid: Int32) -> String {
    let name = String(decoding: contents(of: "/proc/\(pid)/comm"), as: UTF8.self)
      .filter { $0 != "\n" }
    return name.isEmpty ? "pid \(pid)" : "\(name) (pid \(pid))"
  }

  /// The inodes of the sockets that take clients on a port, from a table as /proc/net/tcp is. In
  /// bytes, since a busy machine has tens of thousands of lines. Pure.
  package static func sockets(
    in table: [UInt8], port: UInt16, of kind: NetworkSocket.Kind
  ) -> [String] {
    let digits = String(port, radix: 16, uppercase: true).leftPadded(to: 4)
    let suffix = Array(":\(digits)".utf8)
    // LISTEN; a UDP socket that is bound and not connected is in the state that TCP calls CLOSE.
    let state = Array((kind == .tcp ? "0A" : "07").utf8)
    return table.split(separator: lineEnd).dropFirst().compactMap { line in
      // sl, local address, remote address, state, ..., inode
      let first = line.split(separator: space, maxSplits: 4)
      guard first.count > 4, first[3].elementsEqual(state),
        first[1].suffix(suffix.count).elementsEqual(suffix)
      else { return nil }
      let rest = first[4].split(separator: space)
      return rest.count > 5 ? String(decoding: rest[5], as: UTF8.self) : nil
    }
  }

  /// The inodes of the sockets bound to a path, from a table as /proc/net/unix is. Pure.
  package static func sockets(in table: [UInt8], path: String) -> [String] {
    let name = Array(path.utf8)
    return table.split(separator: lineEnd).dropFirst().compactMap { line in
      guard line.suffix(name.count).elementsEqual(name) else { return nil }
      // Num, RefCount, Protocol, Flags, Type, St, Inode, Path
      let fields = line.split(separator: space, maxSplits: 7)
      guard fields.count == 8, fields[7].elementsEqual(name) else { return nil }
      return String(decoding: fields[6], as: UTF8.self)
    }
  }

  private static let lineEnd = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  private static func contents(of path: String) -> [UInt8] {
    (try? Files.contents(of: path, limit: 1 << 24)) ?? []
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
