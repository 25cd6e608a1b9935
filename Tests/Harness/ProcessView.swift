// What /proc knows of a process.

package import Foundation

/// A look at a running process from outside.
package struct ProcessView: Sendable {
  package let pid: pid_t
  package init(_ pid: pid_t) { self.pid = pid }

  /// All of a file of /proc. Foundation reads the first page of it only: such a file has no size.
  package static func text(of path: String) throws -> String {
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

  /// It is no more, or a zombie: nobody may be there who waits for an orphan.
  package var hasEnded: Bool {
    guard let stat = try? ProcessView.text(of: "/proc/\(pid)/stat") else { return true }
    return stat.contains(") Z ")
  }

  /// Those that it started and that have not ended.
  package var children: [pid_t] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return pids.compactMap(pid_t.init).filter { pid in
      guard let stat = try? ProcessView.text(of: "/proc/\(pid)/stat"),
        let close = stat.lastIndex(of: ")")
      else { return false }
      // Behind the name, which may hold anything: state, parent.
      let fields = stat[close...].split(separator: " ")
      return fields.count > 2 && fields[1] != "Z" && fields[2] == "\(self.pid)"
    }.sorted()
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

  /// Open descriptors.
  package func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
  }

  /// CPU time used so far.
  package func processorTime() throws -> Duration {
    let stat = try ProcessView.text(of: "/proc/\(pid)/stat")
    guard let close = stat.lastIndex(of: ")") else { throw Failure("no stat of \(pid)") }
    let fields = stat[close...].split(separator: " ")
    let ticks = (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
    return .milliseconds(ticks * 1000 / sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Waits until it does next to nothing: less than `share` of a processor during a fifth of a
  /// second, twice in a row. False when it is never that still within `limit`.
  package func comesToRest(
    using share: Double = 0.1, within limit: Duration = .seconds(10)
  ) throws -> Bool {
    let window = Duration.milliseconds(200)
    var start = (try timeOnProcessors(), ContinuousClock.now)
    var stillCount = 0
    return try eventually(within: limit) {
      pause(for: window)
      let now = (try timeOnProcessors(), ContinuousClock.now)
      stillCount = now.0 - start.0 < (now.1 - start.1) * share ? stillCount + 1 : 0
      start = now
      return stillCount == 2
    }
  }

  /// CPU time of its threads, finer than `processorTime`; of threads that have ended nothing.
  private func timeOnProcessors() throws -> Duration {
    let folder = "/proc/\(pid)/task"
    let threads = try FileManager.default.contentsOfDirectory(atPath: folder)
    // The first of its numbers, in nanoseconds; a thread may end meanwhile.
    let times = threads.compactMap { thread in
      (try? ProcessView.text(of: "\(folder)/\(thread)/schedstat"))?.split(separator: " ").first
        .flatMap { Int64($0) }
    }
    guard !times.isEmpty else { throw Failure("no schedstat of the threads of \(pid)") }
    return .nanoseconds(times.reduce(0, +))
  }

  /// The inodes of its sockets, as tables of sockets have them.
  private var sockets: Set<Substring> {
    let folder = "/proc/\(pid)/fd"
    let files = FileManager.default
    let descriptors = (try? files.contentsOfDirectory(atPath: folder)) ?? []
    return Set(
      descriptors.compactMap { name in
        let target = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
        return target?.wholeMatch(of: /socket:\[(\d+)\]/)?.1
      })
  }

  /// The listener of this process that `uri` asked for, with its real port; nil as long as there is
  /// none. For a host that was told to say nothing.
  package func listener(like uri: String) -> String? {
    guard !uri.hasPrefix("unix:") else { return isListening(onPathOf: uri) ? uri : nil }
    let isStream = uri.hasPrefix("tcp:")
    // What it inherited from this process is not its own.
    let sockets = sockets.subtracting(ProcessView(getpid()).sockets)
    for table in isStream ? ["tcp", "tcp6"] : ["udp", "udp6"] {
      let text = (try? ProcessView.text(of: "/proc/net/\(table)")) ?? ""
      for line in text.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: " ")
        // local address, remote address, state (0A is LISTEN), and the inode in the tenth place.
        guard fields.count > 9, !isStream || fields[3] == "0A", sockets.contains(fields[9]),
          let port = fields[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) }),
          let colon = uri.lastIndex(of: ":")
        else { continue }
        let host = uri[..<colon].replacing(
          "//*", with: table.hasSuffix("6") ? "//[::]" : "//0.0.0.0")
        return "\(host):\(port)"
      }
    }
    return nil
  }

  private func isListening(onPathOf uri: String) -> Bool {
    let path = uri.dropFirst("unix:".count).prefix { $0 != "?" }
    let text = (try? ProcessView.text(of: "/proc/net/unix")) ?? ""
    // The fourth word has the flag of a socket that listens; the path is the last.
    return text.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ", maxSplits: 7)
      return fields.count == 8 && fields[3] == "00010000" && fields[7] == path
    }
  }
}
