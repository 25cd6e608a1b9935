// The files that a run leaves. They are created before it begins: a name that cannot be written is
// told at once, and not after three minutes.

internal import Foundation
internal import Kernel
internal import Lab

/// List and report of a run, open for writing.
struct Accounts: ~Copyable {
  private var list: OutputFile?
  private var report: OutputFile?

  /// Creates what the plan names.
  init(_ plan: RunPlan) throws(RunFailure) {
    let list = try Self.file(plan.listPath)
    report = try Self.file(plan.reportPath)
    self.list = list
  }

  /// Creates a capture.
  static func capture(_ path: String?) throws(RunFailure) -> CaptureFile? {
    guard let path else { return nil }
    do throws(SystemError) {
      return try CaptureFile(path)
    } catch {
      throw unwritable(path, error)
    }
  }

  /// Writes both.
  mutating func write(_ report: NetworkReport, _ records: [PacketRecord]) throws(SystemError) {
    if list != nil {
      try list?.add("\(PacketList.heading)\n".utf8)
      for record in records { try list?.add("\(PacketList.line(record))\n".utf8) }
      try list?.flush()
    }
    guard self.report != nil else { return }
    try self.report?.add(Self.text(report))
    try self.report?.flush()
  }

  /// The report as JSON, with a line feed.
  private static func text(_ report: NetworkReport) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard var text = try? encoder.encode(report) else {
      preconditionFailure("BUG: a report of numbers and names that JSON cannot hold")
    }
    text.append(UInt8(ascii: "\n"))
    return text
  }

  private static func file(_ path: String?) throws(RunFailure) -> OutputFile? {
    guard let path else { return nil }
    do throws(SystemError) {
      return try OutputFile(path)
    } catch {
      throw unwritable(path, error)
    }
  }

  private static func unwritable(_ path: String, _ error: SystemError) -> RunFailure {
    RunFailure(status: 73, description: "\(path) cannot be written: \(error.reason)")
  }
}
