// Who has a port: best effort, from /proc, for an error message. A user who may not look into a
// process sees less; nothing depends on it.

internal import Kernel

/// Finds the process that listens on a TCP port.
package enum PortOwner {
  /// `python3 (pid 123)`, or nil when it cannot be told.
  package static func describe(port: UInt16) -> String? {
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      guard let text = try? Files.contents(of: table, limit: 1 << 24) else { continue }
      for inode in listeningSockets(in: String(decoding: text, as: UTF8.self), port: port) {
        if let owner = process(withSocket: inode) { return owner }
      }
    }
    return nil
  }

  /// The inodes of the sockets that listen on a port, from a table as /proc/net/tcp is. Pure.
  package static func listeningSockets(in table: String, port: UInt16) -> [String] {
    let suffix = ":" + String(port, radix: 16, uppercase: true).leftPadded(to: 4)
    return table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      // sl, local address, remote address, state (0A is LISTEN), ..., inode
      guard fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" else { return nil }
      return String(fields[9])
    }
  }

  private static func process(withSocket inode: String) -> String? {
    for entry in Files.names(in: "/proc") {
      guard let pid = Int32(unsignedDigits: entry) else { continue }
      for fd in Files.names(in: "/proc/\(pid)/fd") {
        guard Files.linkTarget(of: "/proc/\(pid)/fd/\(fd)") == "socket:[\(inode)]" else { continue }
        let name = (try? Files.contents(of: "/proc/\(pid)/comm", limit: 64)) ?? []
        let text = String(decoding: name.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return "\(text) (pid \(pid))"
      }
    }
    return nil
  }
}

extension Int32 {
  fileprivate init?(unsignedDigits word: String) {
    guard let number = Int(unsignedDigits: word) else { return nil }
    self.init(exactly: number)
  }
}
