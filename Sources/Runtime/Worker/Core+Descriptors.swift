// What the host does about descriptors that it shares with the plugin's code: which are its own,
// and what becomes of a connection, or of the worker, whose descriptor somebody else has closed.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension Core {
  /// Remembers one of the worker's own.
  mutating func keep(_ fd: Int32, _ kind: OwnDescriptor) {
    own.add(fd, kind)
    // A forked child may still say something in the log.
    owners.giveToWorker(fd, isShared: kind == .log)
  }

  /// From here on a child that the plugin forks has no descriptor of the host's, and its replies
  /// are refused. Before the plugin's first instruction: all that is open by then is the host's.
  func guardForks() throws(SystemError) {
    let first = ck_own_descriptors()
    for fd in first..<first + OwnDescriptors.reach
    where !owners.hasOwner(fd) && ck_is_open(fd) == 1 {
      owners.giveToWorker(fd)
    }
    // SAFETY: the context is immortal.
    try unsafe owners.guardForks(clearing: &context.pointer.pointee.thread)
  }

  /// In a child that the plugin has forked: its clients are its parent's. Said once for a worker.
  func noteForkedReply() {
    guard page.countForkedReply() == 0 else { return }
    log.write(
      .warning,
      "\(handler.name) called a reply in a process that it had forked: nothing was sent, and the "
        + "answer was PORTICO_MISUSE. Reply in the worker itself")
  }

  /// A child that the plugin has forked came back from a call. Its page, its ring and its clients
  /// are its parent's, so it ends before it touches them, without running what `exit` does.
  @inline(never)
  func endForkedChild() -> Never { _exit(CK_EXIT_LOST_DESCRIPTOR) }

  /// What a call on a number answers that is not open, or no socket.
  @inline(__always)
  static func isNoSocket(_ result: Int) -> Bool {
    result == -Int(EBADF) || result == -Int(ENOTSOCK)
  }

  /// Somebody else has closed or replaced the socket of a connection. It is counted, and logged at
  /// most once a second; from here on the descriptor is left alone, and the caller ends the
  /// connection.
  @inline(never)
  mutating func noteLost(_ row: Int, _ what: String) {
    guard !connections[row].marks.contains(.lost) else { return }
    connections[row].marks.insert(.lost)
    page.value.lost_sockets &+= 1
    guard descriptorReport.mayTell(now_ms: now_ms) else { return }
    let count = page.value.lost_sockets
    descriptorReport.told(count, now_ms: now_ms)
    log.write(
      .error, connection: connections[row].id, peer: connections[row].peer,
      "\(handler.name), or a library that it uses, \(what): descriptor "
        + "\(connections[row].fd) is not its own. The connection was ended (\(count) in all)")
  }

  /// Says how many more there were than the log has heard of.
  mutating func reportLostSockets() {
    let line = descriptorReport.line(handler: handler, page: page.value, now_ms: now_ms)
    if let line { log.write(.error, line) }
  }

  /// One of the worker's own descriptors is somebody else's now: it says whose fault that is and
  /// ends, so that another one takes its place.
  func endForLost(_ kind: OwnDescriptor, _ fd: Int32) -> Never {
    page.value.lost_descriptor = kind.rawValue
    log.write(
      .error,
      "\(handler.name), or a library that it uses, closed the worker's \(kind.name) (descriptor "
        + "\(fd)): this worker ends, and is replaced")
    ck_flush_output()
    _exit(CK_EXIT_LOST_DESCRIPTOR)
  }

  /// Ends the worker when it has lost one of its own descriptors.
  func checkOwn() {
    if let lost = own.firstLost { endForLost(lost.kind, lost.number) }
  }
}

/// When the log has heard of sockets that the plugin closed.
struct DescriptorReport: BitwiseCopyable {
  private var toldCount: UInt64 = 0
  private var nextReport_ms: UInt64 = 0

  func mayTell(now_ms: UInt64) -> Bool { now_ms >= nextReport_ms }

  mutating func told(_ count: UInt64, now_ms: UInt64) {
    toldCount = count
    nextReport_ms = now_ms &+ 1000
  }

  /// What there is to say about those that were not told one by one, or nil.
  mutating func line(handler: Handler, page: ck_page, now_ms: UInt64) -> String? {
    guard page.lost_sockets > toldCount else { return nil }
    let new = page.lost_sockets - toldCount
    told(page.lost_sockets, now_ms: now_ms)
    return "\(handler.name), or a library that it uses, closed the sockets of \(new) more "
      + "connections, which were ended (\(page.lost_sockets) in all)"
  }
}
