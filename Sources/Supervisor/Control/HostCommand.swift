// What the commands that control a running host do: one request, its notes to whoever watches, and
// what came of it, or why not.

internal import Kernel

/// A command to one running host.
package struct HostCommand {
  private let host: RunningHost
  private let note: (String) -> Void
  /// A host that turns its loop answers sooner.
  private static let timeout = Duration.seconds(10)

  /// `note` is shown what the host has to say meanwhile.
  package init(to host: RunningHost, note: @escaping (String) -> Void) {
    self.host = host
    self.note = note
  }

  package func status(_ format: ControlRequest.Format) throws(StartFailure) -> String {
    var call = try start(.status(format))
    _ = try outcome(of: &call, within: Self.timeout)
    guard let text = call.payload(within: Self.timeout) else { throw silence }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).safeForTerminal }.joined(separator: "\n")
  }

  /// What is served now. Waits for as long as it takes.
  package func reload() throws(StartFailure) -> String {
    var call = try start(.reload)
    return try outcome(of: &call, within: nil)
  }

  /// Has it end; with `waits` it has ended when this returns.
  package func end(_ request: ControlRequest, waits: Bool) throws(StartFailure) {
    var call = try start(request)
    _ = try outcome(of: &call, within: Self.timeout)
    if waits { call.awaitEnd() }
  }

  /// `suspend` and `resume`: what has come of it.
  package func perform(_ request: ControlRequest) throws(StartFailure) -> String {
    var call = try start(request)
    return try outcome(of: &call, within: Self.timeout)
  }

  private func start(_ request: ControlRequest) throws(StartFailure) -> ControlCall {
    do throws(SystemError) {
      let call = try ControlCall(to: host.path, within: Self.timeout)
      call.send(request)
      return call
    } catch {
      if error.code == Self.wouldBlock { throw silence }
      throw StartFailure("the Portico with pid \(host.pid) cannot be reached: \(error.reason)")
    }
  }

  private func outcome(
    of call: inout ControlCall, within timeout: Duration?
  ) throws(StartFailure) -> String {
    while true {
      switch call.next(within: timeout) {
      case .reply(.note(let text)): note(text)
      case .reply(.ok(let text)): return text
      // It has been escaped where it was said.
      case .reply(.failed(let reason)): throw StartFailure(reason, isEscaped: true)
      case .ended:
        throw StartFailure("the Portico with pid \(host.pid) ended before it had answered")
      case .late: throw silence
      }
    }
  }

  private var silence: StartFailure {
    let limit = Self.timeout.components.seconds
    return StartFailure("the Portico with pid \(host.pid) has not answered for \(limit) s")
  }

  private static let wouldBlock: Int32 = 11  // EWOULDBLOCK
}
