// What a process has taken of processors and memory, from /proc. Reading is best effort: a process
// that has just ended has nothing there any more.

internal import Kernel

/// Processor time and memory of one process.
package struct ProcessUsage: Equatable, Sendable {
  package var processorTime_ms: UInt64
  package var residentByteCount: UInt64

  package init(processorTime_ms: UInt64, residentByteCount: UInt64) {
    self.processorTime_ms = processorTime_ms
    self.residentByteCount = residentByteCount
  }

  /// From texts as /proc/PID/stat and /proc/PID/statm are; nil for what is none. Pure.
  package init?(stat: String, statm: String, ticksPerSecond: Int, pageByteCount: Int) {
    // Behind the name, which may hold anything, parentheses too: state, ppid, ..., and as the 12th
    // and 13th of these the time in programs and in the kernel.
    guard let close = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[stat.index(after: close)...].split { $0 == " " || $0 == "\n" }
    let pages = statm.split { $0 == " " || $0 == "\n" }
    guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
      pages.count > 1, let resident = UInt64(pages[1]), ticksPerSecond > 0
    else { return nil }
    processorTime_ms = (user &+ system) &* 1000 / UInt64(ticksPerSecond)
    residentByteCount = resident &* UInt64(max(0, pageByteCount))
  }

  /// Of a process that runs now.
  package init?(pid: Int32) {
    func text(_ name: String) -> String {
      let bytes = try? Files.contents(of: "/proc/\(pid)/\(name)", limit: 4096)
      return String(decoding: bytes ?? [], as: UTF8.self)
    }
    self.init(
      stat: text("stat"), statm: text("statm"), ticksPerSecond: HostFacts.clockTicksPerSecond,
      pageByteCount: HostFacts.pageByteCount)
  }
}
