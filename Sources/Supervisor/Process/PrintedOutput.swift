// What the plugin of one worker prints, as the supervisor reads it from the pipe. When it does not
// keep up, the worker throws the oldest away (Runtime/Worker/PrintedOverflow); what it says of that
// in its page is hostile, and costs at most lines of its own.

internal import CKernel
internal import Kernel

/// A worker's stdout and stderr.
struct PrintedOutput: ~Copyable {
  /// The pipe's reading end, for the poller.
  let descriptor: Descriptor
  private var lines = PrintedLines()
  /// What the page said of the last gap when the pipe was last read.
  private var lastGap: UInt32 = 0
  private var toldCount: UInt64 = 0
  private var lastReport: Moment?
  /// When the log is to be told of lines that are lost; nil while all has been told.
  private(set) var reportTime: Moment?

  private static let reportPeriod = Duration.seconds(1)
  private static let byteCountPerRead = 1 << 16
  /// So much is still read of what a worker that has ended left in the pipe, which holds no more;
  /// those whom its plugin has started may go on printing.
  private static let lastReadCount = (1 << 20) / byteCountPerRead

  /// The end of `pipe` that can be read.
  init(reading pipe: consuming Descriptor) { descriptor = pipe }

  /// The lines that can be read now; nil when there is nothing. `hasEnded` once nobody can print.
  mutating func read(
    _ page: borrowing Mapping, workerHasEnded: Bool = false, now: Moment
  ) -> (lines: [[UInt8]], hasEnded: Bool)? {
    let before = Self.gap(page)
    guard let bytes = try? descriptor.readSome(atMost: Self.byteCountPerRead) else { return nil }
    // Something may have been thrown away between the last read and this one, or between two looks
    // at the page, before this read or behind it: the next time that counts again.
    let isStill = before == Self.gap(page) && (before.isMultiple(of: 2) || workerHasEnded)
    if !isStill || before != lastGap {
      lines.skipGap()
      reportTime = reportTime ?? max(now, lastReport.map { $0 + Self.reportPeriod } ?? now)
    }
    lastGap = before
    return (lines.append(bytes), bytes.isEmpty)
  }

  /// What is left when the worker has ended, and the line that it did not complete.
  mutating func readRest(_ page: borrowing Mapping, now: Moment) -> [[UInt8]] {
    var rest: [[UInt8]] = []
    for _ in 0..<Self.lastReadCount {
      guard let (lines, hasEnded) = read(page, workerHasEnded: true, now: now), !hasEnded else {
        break
      }
      rest += lines
    }
    if let line = lines.end() { rest.append(line) }
    return rest
  }

  /// How many lines have been lost since this was last asked; nil when it is not time to say so.
  /// When the worker has ended, it is.
  mutating func newLoss(_ page: ck_page, workerHasEnded: Bool = false, now: Moment) -> UInt64? {
    guard workerHasEnded || reportTime.map({ $0 <= now }) == true else { return nil }
    // It may be at it this very moment.
    reportTime = page.printed_gap.isMultiple(of: 2) ? nil : now + Self.reportPeriod
    lastReport = now
    let count = page.dropped_printed_lines &+ lines.lostCount
    guard count > toldCount else { return nil }
    defer { toldCount = count }
    return count - toldCount
  }

  private static func gap(_ page: borrowing Mapping) -> UInt32 {
    page.loadNumber(at: MemoryLayout<ck_page>.offset(of: \.printed_gap)!)
  }
}
