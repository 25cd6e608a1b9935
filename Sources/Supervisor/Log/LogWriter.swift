// The way from the supervisor's loop to stderr. A thread of its own does the writing, since stderr
// may be a terminal that somebody has stopped: whoever logs only fills a queue of bounded size,
// never waits, and what does not fit is dropped and counted. The count is logged once there is
// room.

internal import Control
package import Kernel
internal import Synchronization

/// Writes log lines; from any thread.
package final class LogWriter: Sendable {
  private struct Queue {
    var bytes: [UInt8] = []
    var droppedCount: UInt64 = 0
    /// The thread has something in hand that is not written yet.
    var isWriting = false
    var awaitsIdle = false
  }

  package let format: LogFormat
  private let limit: Int
  private let output: Descriptor
  private let queue = Mutex(Queue())
  private let work: Bell
  private let idle: Bell

  /// Takes over `output` and starts the thread, which lives as long as the process. `limit` bytes
  /// may wait, and as many may be on their way.
  package init(output: consuming Descriptor, format: LogFormat, limit: Int = 1 << 20)
    throws(SystemError)
  {
    self.output = output
    self.format = format
    self.limit = limit
    work = try Bell()
    idle = try Bell()
    try BackgroundThread.start { [self] in run() }
  }

  package func write(_ line: LogLine) {
    let bytes = line.formatted(as: format)
    let wasEmpty = queue.withLock { queue in
      let wasEmpty = queue.bytes.isEmpty
      if queue.bytes.count + bytes.count > limit {
        queue.droppedCount += 1
      } else {
        queue.bytes += bytes
      }
      return wasEmpty
    }
    if wasEmpty { work.ring() }
  }

  /// Waits until everything is written, but not for long: at the end of the program.
  package func flush(atMost timeout: Duration) {
    let isIdle = queue.withLock { queue in
      queue.awaitsIdle = queue.isWriting || !queue.bytes.isEmpty
      return !queue.awaitsIdle
    }
    if !isIdle { idle.sleep(atMost: timeout) }
  }

  private func run() -> Never {
    while true {
      work.sleep()
      while let batch = nextBatch() {
        // Nowhere is left to say that the log cannot be written.
        try? output.writeAllWaiting(batch)
      }
    }
  }

  private func nextBatch() -> [UInt8]? {
    queue.withLock { queue in
      if queue.droppedCount > 0 {
        queue.bytes += Self.loss(of: queue.droppedCount).formatted(as: format)
        queue.droppedCount = 0
      }
      queue.isWriting = !queue.bytes.isEmpty
      guard queue.isWriting else {
        if queue.awaitsIdle { idle.ring() }
        queue.awaitsIdle = false
        return nil
      }
      defer { queue.bytes = [] }
      return queue.bytes
    }
  }

  private static func loss(of count: UInt64) -> LogLine {
    LogLine(
      time_ns: HostFacts.realtime_ns, level: .warning, source: "portico",
      message: "\(count) log lines were dropped: stderr did not take them in time")
  }
}
