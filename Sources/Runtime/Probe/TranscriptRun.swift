// A transcript that is being played: what its clients do next, and whether what they are answered
// is as written. It never waits; whoever plays it turns the loop between its steps, and may play
// several in turn.

internal import Control
internal import Transcript

struct TranscriptRun {
  /// What `advance` did.
  enum Progress {
    /// Something was put into the network: the loop has to turn.
    case acted
    /// A step is over without that.
    case passed
    /// Nothing can be done before something comes, or a time is over.
    case waiting
    case done
    case failed(CaseFailure)
  }

  private let transcript: Transcript
  private let file: String
  /// Goes behind what is said of an answer: `, to the second client`.
  private let whose: String
  private var cutting: Cutting
  /// Where to stop before the end, if anywhere.
  private let stop: Stop

  private var step = 0
  /// Bytes of the present line that were sent.
  private var cut = 0
  private var clients: [Int?]
  private var matchers: [TranscriptMatcher]
  /// Answers that were complete.
  private var blocks: [Int]
  /// Bytes that each client has sent.
  private var offsets: [Int]
  /// The end of a pause.
  private(set) var resumeAt_ms: UInt64?
  private(set) var hasStopped = false

  /// A place before the end of a transcript.
  enum Stop {
    case never
    case afterSteps(Int)
    case afterBytes(connection: Int, Int)
  }

  init(
    _ transcript: Transcript, file: String, cutting: Cutting = .none, whose: String = "",
    stop: Stop = .never
  ) {
    self.transcript = transcript
    self.file = file
    self.cutting = cutting
    self.whose = whose
    self.stop = stop
    let count = transcript.connectionCount
    clients = Array(repeating: nil, count: count)
    blocks = Array(repeating: 0, count: count)
    offsets = Array(repeating: 0, count: count)
    matchers = (0..<count).map { TranscriptMatcher(transcript, connection: $0) }
  }

  /// The clients that have connected, by their place in the network.
  var connected: [Int] { clients.compactMap(\.self) }

  /// The client of a connection, connected now if it was not.
  mutating func client(_ connection: Int, in network: Immortal<MemoryNetwork>) -> Int {
    if let who = clients[connection] { return who }
    let who = network.value.connect()
    clients[connection] = who
    return who
  }

  private func client(_ who: Int, _ network: Immortal<MemoryNetwork>) -> MemoryClient {
    network.value.clients[who]
  }

  private var isAtStop: Bool {
    switch stop {
    case .never: false
    case .afterSteps(let count): step >= count
    case .afterBytes(let connection, let count): offsets[connection] >= count
    }
  }

  /// Does what comes next.
  mutating func advance(_ network: Immortal<MemoryNetwork>) -> Progress {
    guard step < transcript.steps.count, !isAtStop else {
      hasStopped = true
      return .done
    }
    let now = transcript.steps[step]
    guard clients[now.connection] != nil else {
      _ = client(now.connection, in: network)
      return .acted
    }
    let who = client(now.connection, in: network)
    switch now.action {
    case .send(let bytes): return send(bytes, now, who, network)
    case .endInput:
      guard client(who, network).isQuiet else { return .waiting }
      network.value.end(who, .orderly)
      step += 1
      return .acted
    case .expect:
      if matchers[now.connection].isComplete(blocks[now.connection]) {
        blocks[now.connection] += 1
        step += 1
        return .passed
      }
      return client(who, network).hasSeenEnd ? .failed(missing(", and the server ended")) : .waiting
    case .expectEnd:
      let state = client(who, network)
      guard state.hasSeenEnd else { return .waiting }
      if state.wasReset {
        return .failed(
          CaseFailure(file, line: now.line, "the connection was reset instead of ended\(whose)"))
      }
      step += 1
      return .passed
    case .pause(let milliseconds):
      let end_ms = resumeAt_ms ?? network.value.now_ms() + UInt64(milliseconds)
      resumeAt_ms = end_ms
      if network.value.now_ms() < end_ms { return .waiting }
      resumeAt_ms = nil
      step += 1
      return .passed
    }
  }

  private mutating func send(
    _ bytes: [UInt8], _ now: Transcript.Step, _ who: Int, _ network: Immortal<MemoryNetwork>
  ) -> Progress {
    let state = client(who, network)
    if state.isQuiet, cut == bytes.count {
      step += 1
      cut = 0
      return .passed
    }
    if state.hasSeenEnd {
      // It was told everything that it should be, and the end; the rest of its line is discarded,
      // as over a network.
      if !state.wasReset, expectsEnd(now.connection), matchers[now.connection].isMatched {
        step += 1
        cut = 0
        return .passed
      }
      return .failed(
        CaseFailure(
          file, line: now.line,
          "the server \(state.wasReset ? "reset" : "ended") the connection before the client had "
            + "sent this\(whose)"))
    }
    guard state.isQuiet else { return .waiting }
    var count = cutting.next(
      connection: now.connection, offset: offsets[now.connection], left: bytes.count - cut)
    if case .afterBytes(now.connection, let most) = stop {
      count = min(count, most - offsets[now.connection])
    }
    network.value.send(bytes[cut..<cut + count], from: who)
    cut += count
    offsets[now.connection] += count
    return .acted
  }

  private func expectsEnd(_ connection: Int) -> Bool {
    transcript.steps.contains { $0.connection == connection && $0.action == .expectEnd }
  }

  /// Looks at what came; the first byte that is not as written fails.
  mutating func receive(_ network: Immortal<MemoryNetwork>) -> CaseFailure? {
    for (connection, who) in clients.enumerated() {
      guard let who else { continue }
      let bytes = network.value.takeOutput(of: who)
      if bytes.isEmpty { continue }
      matchers[connection].feed(bytes)
      if let mismatch = matchers[connection].mismatch {
        return CaseFailure(file, mismatch, whose: whose)
      }
    }
    return nil
  }

  /// What the present step waits for in vain.
  func missing(_ why: String) -> CaseFailure {
    let now = transcript.steps[min(step, transcript.steps.count - 1)]
    switch now.action {
    case .expect:
      if let mismatch = matchers[now.connection].report(awaiting: blocks[now.connection]) {
        return CaseFailure(file, mismatch, whose: whose, why: why)
      }
      return CaseFailure(file, line: now.line, "no answer came\(whose)\(why)")
    case .expectEnd:
      return CaseFailure(
        file, line: now.line, "the server did not end the connection\(whose)\(why)")
    case .send, .endInput, .pause:
      return CaseFailure(
        file, line: now.line, "the handler does not take what the client sends\(whose)\(why)")
    }
  }
}

extension Transcript {
  /// The same with all that each client sends in one piece, at its first line.
  var joined: Transcript {
    var result = self
    result.steps = []
    var sent: Set<Int> = []
    for step in steps {
      guard case .send = step.action else {
        result.steps.append(step)
        continue
      }
      if sent.insert(step.connection).inserted {
        var first = step
        first.action = .send(clientStream(of: step.connection))
        result.steps.append(first)
      }
    }
    return result
  }
}
