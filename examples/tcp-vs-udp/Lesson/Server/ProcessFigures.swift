// What the kernel says of the worker and of itself, read from the files of /proc. The reading of
// each text is pure, so that tests can play the kernel.

internal import Kernel

/// Figures of a process, from outside.
struct ProcessFigures: Equatable, Sendable {
  /// CPU that all its threads have used, in nanoseconds.
  var cpu_ns = 0
  /// Memory that is its alone and that it has written to, in bytes: not the text of programs, which
  /// shows when it is first run, whoever asked.
  var private_B = 0
  /// Objects of the kernel, in bytes.
  var slab_B = 0
  /// TCP sockets of this network namespace that are open.
  var tcpSockets = 0

  /// All of them as they are now; nil when the process has gone, or may not be looked at.
  init?(of pid: Int32) {
    let threads = Files.names(in: "/proc/\(pid)/task")
    let times = threads.compactMap { thread in
      Self.text(of: "/proc/\(pid)/task/\(thread)/schedstat").flatMap(Self.processorTime(in:))
    }
    guard !times.isEmpty, let pages = Self.text(of: "/proc/\(pid)/smaps_rollup"),
      let dirty = Self.bytes("Private_Dirty", in: pages),
      let slab = Self.text(of: "/proc/meminfo").flatMap({ Self.bytes("Slab", in: $0) })
    else { return nil }
    cpu_ns = times.reduce(0, +)
    private_B = dirty
    slab_B = slab
    // A listener on all addresses is an IPv6 socket, and so is what it accepts.
    tcpSockets = ["sockstat", "sockstat6"].reduce(0) { sum, file in
      sum + (Self.text(of: "/proc/self/net/\(file)").map(Self.openSockets(in:)) ?? 0)
    }
  }

  /// Nanoseconds on a CPU: the first number of a thread's `schedstat`.
  static func processorTime(in text: String) -> Int? {
    text.split(separator: " ").first.flatMap { Int($0) }
  }

  /// Of a line such as `Private_Dirty:      1284 kB`.
  static func bytes(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) else { return nil }
      return kibibytes * 1024
    }
    return nil
  }

  /// Of the lines `TCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1` and `TCP6: inuse 4`.
  static func openSockets(in text: String) -> Int {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3, words[0] == "TCP:" || words[0] == "TCP6:" else { continue }
      if words[1] == "inuse" { return Int(words[2]) ?? 0 }
    }
    return 0
  }

  /// A file of /proc; nil when it cannot be read.
  static func text(of path: String) -> String? {
    (try? Files.contents(of: path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Who is whose child.
enum ProcessTree {
  /// The child of that name; nil when there is none, or not yet.
  static func child(of parent: Int32, named name: String) -> Int32? {
    for entry in Files.names(in: "/proc") {
      guard let pid = Int32(entry), let text = ProcessFigures.text(of: "/proc/\(pid)/stat"),
        let (command, itsParent) = fields(of: text)
      else { continue }
      if itsParent == parent, command == name { return pid }
    }
    return nil
  }

  /// Name and parent, of a `stat`: `17 (portico-worker) S 12 …`. The name may hold anything.
  static func fields(of stat: String) -> (name: String, parent: Int32)? {
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close
    else { return nil }
    let rest = stat[stat.index(after: close)...].split(separator: " ")
    guard rest.count >= 2, let parent = Int32(rest[1]) else { return nil }
    return (String(stat[stat.index(after: open)..<close]), parent)
  }

  /// Are all threads of a process traced by somebody?
  static func isTraced(_ pid: Int32) -> Bool {
    let threads = Files.names(in: "/proc/\(pid)/task")
    return !threads.isEmpty
      && threads.allSatisfy { thread in
        let status = ProcessFigures.text(of: "/proc/\(pid)/task/\(thread)/status") ?? ""
        return tracer(in: status).map { $0 > 0 } ?? false
      }
  }

  /// Of the line `TracerPid:  17` of a `status`; 0 for nobody.
  static func tracer(in status: String) -> Int? {
    for line in status.split(separator: "\n") where line.hasPrefix("TracerPid:") {
      return line.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
    }
    return nil
  }
}
