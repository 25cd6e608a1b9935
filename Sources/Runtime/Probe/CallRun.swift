// `portico call`: one client, its requests in order, each sent when the one before has been dealt
// with, then its end. What the handler replies goes out as it comes.

internal import CKernel
internal import Control
internal import Kernel

struct CallRun: ~Copyable {
  /// A handler with threads may send an answer in parts; after so long without one it is whole.
  private static let quiet_ms: UInt64 = 20

  private var stage: ProbeStage
  private let task: CallTask
  private let deadline_ns: UInt64
  private var end = CallEnd()
  private var bytesOut: UInt64 = 0

  init(stage: consuming ProbeStage, task: CallTask) {
    self.stage = stage
    self.task = task
    deadline_ns = ck_monotonic_ns() + UInt64(task.timeout_ms) * 1_000_000
  }

  /// Runs the call; everything that there is to say has been said then.
  consuming func run() {
    if stage.core.value.configuration.transport(ofSocket: 0) == .udp {
      callWithDatagrams()
    } else {
      call()
    }
    if end.failure.isEmpty { end.failure = judge() }
    stage.end()
    stage.channel.send(.called(end))
  }

  private var isLate: Bool { ck_monotonic_ns() >= deadline_ns }

  private mutating func call() {
    let who = stage.network.value.connect()
    stage.turn()
    settle(who, isGreeting: true)
    for (number, request) in task.requests.enumerated() {
      guard !stage.network.value.clients[who].hasSeenEnd, end.failure.isEmpty else { break }
      measure(number, byteCount: request.count) { run in
        run.stage.network.value.send(request, from: who)
        run.settle(who, isGreeting: false)
        return !run.stage.network.value.clients[who].hasSeenEnd && run.end.failure.isEmpty
      }
    }
    stage.network.value.end(who, .orderly)
    while !stage.network.value.clients[who].hasSeenEnd {
      if isLate {
        fail("the connection did not end within \(task.timeout_ms) ms; ")
        break
      }
      let left_ms = (deadline_ns - min(deadline_ns, ck_monotonic_ns())) / 1_000_000
      stage.turn(patience_ms: Int32(clamping: left_ms + 1))
      forward(who)
      if stage.network.value.isStill, !stage.network.value.clients[who].hasSeenEnd {
        fail("the client has ended, and nothing will end the connection: ")
        break
      }
    }
    if stage.network.value.clients[who].wasReset, end.failure.isEmpty {
      end.failure = "the connection was reset"
    }
    forward(who)
  }

  private mutating func fail(_ what: String) {
    let cause =
      stage.core.value.handler.hears(.eof)
      ? "finish the reply in on_eof, or when the last answer has been given"
      : "the handler neither finished it nor let the host do so"
    end.failure = what + cause
  }

  /// Waits until the last request has been dealt with, as far as anybody can tell.
  private mutating func settle(_ who: Int, isGreeting: Bool) {
    let before = stage.network.value.clients[who].sentCount
    var seen = before
    var calls = stage.page.value.calls
    var moved_ms = ck_monotonic_ns() / 1_000_000
    let patience_ms = UInt64(stage.core.value.limits.afterEOFTimeout_ms)
    while !isLate {
      stage.turn(patience_ms: Int32(Self.quiet_ms))
      let now_ms = ck_monotonic_ns() / 1_000_000
      let sent = stage.network.value.clients[who].sentCount
      if sent != seen || calls != stage.page.value.calls { moved_ms = now_ms }
      seen = sent
      calls = stage.page.value.calls
      forward(who)
      let client = stage.network.value.clients[who]
      if client.hasSeenEnd || stage.network.value.isStill { return }
      // Without hooks that speak first, a client that has said nothing is told nothing.
      let isAnswered =
        sent != before || (isGreeting && !stage.core.value.handler.opensAtAccept)
      let limit_ms = isAnswered ? Self.quiet_ms : patience_ms
      if client.isQuiet, now_ms - moved_ms >= limit_ms { return }
      if !client.isQuiet, now_ms - moved_ms >= patience_ms, !client.isArmed { return }
    }
    if end.failure.isEmpty { fail("a request was not dealt with within \(task.timeout_ms) ms; ") }
  }

  /// Passes on what the client was sent.
  private mutating func forward(_ who: Int) {
    send(stage.network.value.takeOutput(of: who))
  }

  private mutating func send(_ bytes: [UInt8]) {
    bytesOut += UInt64(bytes.count)
    var rest = bytes[...]
    while !rest.isEmpty {
      stage.channel.send(.output(Array(rest.prefix(ProbeMessage.maximumOutput))))
      rest = rest.dropFirst(ProbeMessage.maximumOutput)
    }
  }

  /// Sends a request as often as was asked for, and says what that cost. `once` says whether to go
  /// on.
  private mutating func measure(
    _ number: Int, byteCount: Int, _ once: (inout CallRun) -> Bool
  ) {
    var timing = CallTiming()
    timing.request = UInt32(number + 1)
    let bytesBefore = bytesOut
    var times: [UInt64] = []
    stage.tap.value.calls = 0
    stage.page.value.probe_case = timing.request
    end.sent += 1
    for _ in 0..<max(1, task.repeatCount) {
      stage.tap.value.total_ns = 0
      let goesOn = once(&self)
      times.append(stage.tap.value.total_ns)
      if !goesOn { break }
    }
    times.sort()
    timing.count = UInt32(times.count)
    timing.bytesIn = UInt64(byteCount * times.count)
    timing.bytesOut = bytesOut - bytesBefore
    timing.calls = stage.tap.value.calls
    timing.least_ns = times[0]
    timing.median_ns = times[times.count / 2]
    timing.p99_ns = times[min(times.count - 1, times.count * 99 / 100)]
    stage.channel.send(.timing(timing))
  }

  private mutating func callWithDatagrams() {
    for (number, request) in task.requests.enumerated() where end.failure.isEmpty {
      measure(number, byteCount: request.count) { run in
        run.stage.network.value.datagrams.append(request)
        run.stage.turn()
        let replies = run.stage.network.value.sentDatagrams
        run.stage.network.value.sentDatagrams = []
        for reply in replies { run.send(reply) }
        if run.isLate { run.end.failure = "not over within \(run.task.timeout_ms) ms" }
        return run.end.failure.isEmpty
      }
    }
  }

  /// What the handler did wrong, or nothing.
  private func judge() -> String {
    let name = stage.core.value.handler.name
    if let misbehaviour = stage.tap.value.misbehaviour {
      return "\(name) misbehaves: its \(misbehaviour)"
    }
    if stage.page.value.protocol_errors > 0 {
      return "\(name) ended the connection with a protocol error: its handle returned "
        + "\(stage.tap.value.refusal)"
    }
    if stage.page.value.misused_replies > 0 {
      return "\(name) used a reply outside the call that passed it, and promised PORTICO_INLINE"
    }
    return ""
  }
}
