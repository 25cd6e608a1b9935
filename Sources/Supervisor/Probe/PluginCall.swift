// `portico call`: requests to a plugin and its replies to stdout, without a socket. The plugin runs
// in a probe; this end writes what comes, and says why it went wrong if it did.

internal import CKernel
internal import Control
internal import Kernel

/// One call of a plugin.
package struct PluginCall {
  /// On top of the call's own time: a probe that has not ended by then hangs in the plugin.
  private static let grace = Duration.seconds(1)

  private let plugin: ProbedPlugin
  private let task: CallTask
  private let showsTimes: Bool
  /// The file's, until the plugin has said its own.
  private var name: String
  private var hasLoaded = false
  private var result: CallEnd?

  /// Reads the plugin and the requests; without any, stdin is one.
  package init(
    _ options: ProbeOptions, requests: [CallRequest], timeout: TimeLimit, repeatCount: Int,
    showsTimes: Bool
  ) throws(StartFailure) {
    plugin = try ProbedPlugin(options)
    name = PluginLocator.name(ofFile: plugin.image.path)
    let ordered = requests.sorted { $0.order < $1.order }
    var bytes: [[UInt8]] = []
    for request in ordered.isEmpty ? [CallRequest.file("-")] : ordered {
      bytes.append(try request.bytes())
    }
    // A stream has no empty piece; a datagram may be one.
    if !options.isDatagram { bytes.removeAll { $0.isEmpty } }
    if let long = bytes.first(where: { $0.count > 65507 }), options.isDatagram {
      throw StartFailure("a request has \(long.count) bytes, and a datagram at most 65507")
    }
    task = CallTask(
      requests: bytes, repeatCount: repeatCount, timeout_ms: timeout.ms ?? TimeLimit.maximum_ms)
    self.showsTimes = showsTimes
  }

  /// Writes replies to stdout, and everything else to stderr. Throws what went wrong.
  package mutating func run() throws(StartFailure) {
    let probe = try ProbeProcess(.call(task), with: plugin)
    let loadDeadline = Moment.now + PluginProbe.timeout
    var deadline = loadDeadline
    while true {
      switch probe.next(until: deadline) {
      case .message(.loaded(let report)):
        name = report.name
        hasLoaded = true
        deadline = .now + .milliseconds(Int64(task.timeout_ms)) + Self.grace
      case .message(.refused(let reason)): throw StartFailure(reason)
      case .message(.output(let bytes)): try write(bytes)
      case .message(.timing(let timing)):
        if showsTimes { say(Self.line(timing)) }
      case .message(.called(let end)): result = end
      case .message(.checked): break
      case .log(let record):
        let line = LogLine(record, ofProbed: name)
        say(String(decoding: line.formatted(as: .text), as: UTF8.self))
      case .printed(let bytes): try? Descriptor.standardError().writeAllWaiting(bytes)
      case .ended(let reason): return try judge(reason, page: probe.pageNow)
      case .nothing:
        let page = probe.pageNow
        probe.kill()
        throw StartFailure(hang(page))
      }
    }
  }

  private func write(_ bytes: [UInt8]) throws(StartFailure) {
    do throws(SystemError) {
      try Descriptor.standardOutput().writeAllWaiting(bytes)
    } catch {
      throw StartFailure("a reply cannot be written to stdout: \(error.reason)")
    }
  }

  private func say(_ line: String) {
    try? Descriptor.standardError().writeAllWaiting(Array(line.utf8))
  }

  private static func line(_ timing: CallTiming) -> String {
    let calls = "\(timing.calls) call\(timing.calls == 1 ? "" : "s")"
    let sizes = "\(timing.bytesIn) bytes in, \(timing.bytesOut) bytes out, \(calls)"
    let number = "request \(timing.request): "
    guard timing.count > 1 else {
      return number + "\(sizes), \(microseconds(timing.least_ns)) µs\n"
    }
    return number
      + "\(timing.count) times, \(sizes); each min \(microseconds(timing.least_ns)) µs, "
      + "median \(microseconds(timing.median_ns)) µs, p99 \(microseconds(timing.p99_ns)) µs\n"
  }

  /// With one decimal.
  private static func microseconds(_ time_ns: UInt64) -> String {
    let tenths = (time_ns + 50) / 100
    return "\(tenths / 10).\(tenths % 10)"
  }

  private func hang(_ page: ck_page) -> String {
    guard hasLoaded else {
      return Death.hang(path: plugin.image.path, page: page, limit: PluginProbe.timeout)
    }
    let death = Death(reason: .exited(status: 0), page: page, handler: name)
    return "\(name) hangs: \(death.place)\(Self.request(page))"
  }

  /// Which request was being dealt with, if one was.
  private static func request(_ page: ck_page) -> String {
    page.probe_case == 0 ? "" : ", of request \(page.probe_case)"
  }

  /// The probe has ended: in good order, or because the plugin killed it.
  private func judge(_ reason: ExitReason, page: ck_page) throws(StartFailure) {
    let death = Death(reason: reason, page: page, handler: name)
    guard reason == .exited(status: 0), let result else {
      guard hasLoaded else {
        throw StartFailure(death.descriptionWhileLoading(path: plugin.image.path))
      }
      throw StartFailure("the probe \(death.description)\(Self.request(page))")
    }
    if !result.failure.isEmpty { throw StartFailure(result.failure) }
    if Int(result.sent) < task.requests.count {
      say(
        "portico: \(name.escapedForTerminal) ended the connection after request \(result.sent) "
          + "of \(task.requests.count); the others were not sent\n")
    }
  }
}
