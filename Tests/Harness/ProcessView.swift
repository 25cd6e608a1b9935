// What /proc knows of a process.

package import Foundation

/// A look at a running process from outside.
package struct ProcessView: Sendable {
  package let pid: pid_t
  package init(_ pid: pid_t) { self.pid = pid }

  /// All of a file of /proc. Foundation reads the first page of it only: such a file has no size.
  static func text(of path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure.system("open \(path)") }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(descriptor, &room, room.count)
      if count == 0 { return String(decoding: all, as: UTF8.self) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Failure.system("read \(path)") }
      all += room[..<count]
    }
  }

  /// One line a mapping.
  package func mappings() throws -> [String] {
    try ProcessView.text(of: "/proc/\(pid)/maps")
      .split(separator: "\n").map(String.init)
  }

  /// Bytes in memory, shared ones included.
  package func residentByteCount() throws -> Int {
    let fields = try ProcessView.text(of: "/proc/\(pid)/statm")
      .split(separator: " ")
    return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// CPU time used so far.
  package func processorTime() throws -> Duration {
    let stat = try ProcessView.text(of: "/proc/\(pid)/stat")
    guard let close = stat.lastIndex(of: ")") else { throw Failure("no stat of \(pid)") }
    let fields = stat[close...].split(separator: " ")
    let ticks = (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
    return .milliseconds(ticks * 1000 / sysconf(Int32(_SC_CLK_TCK)))
  }

  /// A TCP port that a socket of this process listens on.
  package var listeningPort: UInt16? {
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
    let sockets = Set(
      descriptors.compactMap {
        try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)")
      })
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
      let text = (try? ProcessView.text(of: table)) ?? ""
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        // local address, remote address, state (0A is LISTEN), and the inode in the tenth place.
        guard fields.count > 9, fields[3] == "0A", sockets.contains("socket:[\(fields[9])]"),
          let port = fields[1].split(separator: ":").last
        else { continue }
        return UInt16(port, radix: 16)
      }
    }
    return nil
  }
}
