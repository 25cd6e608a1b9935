// Which cases a check has, for the transcripts at hand. Pure: the same task gives the same list, so
// that a case's number is enough to play it again.

internal import Control
internal import Transcript

struct CheckPlan {
  /// What a check does not go beyond by itself; more cases are thinned out evenly.
  private static let mostPlaces = 4096

  private(set) var cases: [ProbeCase] = []
  private(set) var notes: [String] = []
  /// Why there are no cases.
  private(set) var skipped: String?

  private let transcripts: [Transcript]
  private let names: [String]
  private let task: CheckTask
  private let isDatagram: Bool
  private let isCoupled: Bool
  private let hasThreads: Bool

  init(
    _ task: CheckTask, transcripts: [Transcript], isDatagram: Bool, isCoupled: Bool,
    hasThreads: Bool
  ) {
    self.task = task
    self.transcripts = transcripts
    names = task.names
    self.isDatagram = isDatagram
    self.isCoupled = isCoupled
    self.hasThreads = hasThreads
    if isDatagram { planDatagrams() } else { planStream() }
  }

  private func random(_ number: Int) -> SeededRandom {
    SeededRandom(seed: task.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number))
  }

  private var indices: Range<Int> { transcripts.indices }

  private mutating func planStream() {
    switch task.check {
    case .pieces, .slow: cases = indices.map { .lockStep(transcript: $0, .none, nil) }
    case .bytes: cases = indices.map { .lockStep(transcript: $0, .everyByte, nil) }
    case .splits: cases = splits().map { .lockStep(transcript: $0.transcript, $0.cutting, nil) }
    case .random: cases = (0..<Int(task.runs)).map(randomCase)
    case .coalesced: planCoalesced()
    case .interleaved: planInterleaved()
    case .empty: planEmpty()
    case .endless: cases = fillers().map { .endless($0) }
    case .overlong: planOverlong()
    case .halfclose: cases = halfCloses(most: hasThreads ? 100 : Self.mostPlaces)
    case .readonly: planReadOnly()
    case .promises: planPromises()
    case .leaks: cases = [.leak]
    }
  }

  private mutating func planDatagrams() {
    switch task.check {
    case .pieces, .slow: cases = indices.map { .datagrams(transcript: $0, nil) }
    case .endless: cases = fillers().map { .datagramSizes($0) }
    case .readonly:
      let placements = [GuardedRequest.Placement.end] + (0..<8).map { .start($0) }
      for index in indices {
        cases += placements.map { .datagrams(transcript: index, $0) }
      }
    case .promises: cases = [.declaration] + indices.map { .datagrams(transcript: $0, nil) }
    case .leaks: cases = [.leak]
    case .bytes, .splits, .random, .coalesced, .interleaved, .empty, .overlong, .halfclose:
      skipped = task.check.reasonAgainstDatagrams
    }
  }

  private struct Place {
    var transcript: Int
    var connection: Int
    var offset: Int
    var cutting: Cutting { .at(connection: connection, offset: offset) }
  }

  /// Places in the clients' streams: inside a line, or also at its ends.
  private func places(withEnds: Bool) -> [Place] {
    var places: [Place] = []
    for (index, transcript) in transcripts.enumerated() {
      var offsets = [Int](repeating: 0, count: transcript.connectionCount)
      if withEnds {
        for connection in 0..<transcript.connectionCount {
          places.append(Place(transcript: index, connection: connection, offset: 0))
        }
      }
      for step in transcript.steps {
        guard case .send(let bytes) = step.action, !bytes.isEmpty else { continue }
        let start = offsets[step.connection]
        for distance in 1..<bytes.count + (withEnds ? 1 : 0) {
          places.append(
            Place(transcript: index, connection: step.connection, offset: start + distance))
        }
        offsets[step.connection] += bytes.count
      }
    }
    return places
  }

  /// At most so many of them, evenly.
  private mutating func thinned(_ places: [Place], to most: Int, why: String) -> [Place] {
    guard places.count > most else { return places }
    notes.append("\(most) of \(places.count) places, evenly chosen: \(why)")
    return (0..<most).map { places[$0 * places.count / most] }
  }

  private mutating func splits() -> [Place] {
    let all = places(withEnds: false)
    if all.isEmpty { skipped = "no line of the transcript has two bytes" }
    return thinned(all, to: Self.mostPlaces, why: "the transcript is long")
  }

  private func randomCase(_ number: Int) -> ProbeCase {
    let index = number % transcripts.count
    var random = random(number)
    let isJoined = random.once(in: 2) && reasonAgainstJoining(transcripts[index]) == nil
    return isJoined
      ? .coalesced(transcript: index, .random(random))
      : .lockStep(transcript: index, .random(random), nil)
  }

  /// Why its clients cannot send everything at once, if they cannot.
  private func reasonAgainstJoining(_ transcript: Transcript) -> String? {
    var ended: Set<Int> = []
    for step in transcript.steps {
      switch step.action {
      case .pause: return "it pauses"
      case .expectEnd: ended.insert(step.connection)
      case .send: if !ended.isEmpty { return "a client sends after the server's end" }
      case .endInput, .expect: break
      }
    }
    if transcript.connectionCount > 1, isCoupled {
      return "the order of several clients matters"
    }
    return nil
  }

  private mutating func planCoalesced() {
    var reasons: [String] = []
    for index in indices {
      if let reason = reasonAgainstJoining(transcripts[index]) {
        reasons.append("\(names[index]) cannot be sent at once: \(reason)")
      } else {
        cases.append(.coalesced(transcript: index, .none))
      }
    }
    if cases.isEmpty { skipped = reasons.joined(separator: "; ") } else { notes += reasons }
  }

  private mutating func planInterleaved() {
    guard !isCoupled else {
      skipped = "the handler says that its clients influence each other"
      return
    }
    cases = (0..<min(Int(task.runs), 200)).map { number in
      let (first, second) = (number % transcripts.count, number / 2 % transcripts.count)
      return .interleaved(first: first, second: second, random(number))
    }
  }

  private mutating func planEmpty() {
    for index in indices {
      for steps in 0...transcripts[index].steps.count {
        cases.append(.ending(transcript: index, steps: steps, .orderly))
        cases.append(.ending(transcript: index, steps: steps, .reset))
      }
    }
  }

  private func fillers() -> [ProbeCase.Filler] {
    var fillers: [ProbeCase.Filler] = [
      .byte(0), .byte(0xFF), .byte(UInt8(ascii: "A")), .byte(UInt8(ascii: "\n")), .digits,
      .random(random(0)),
    ]
    for transcript in transcripts {
      let first = Array(transcript.clientStream(of: 0).prefix(4096))
      if !first.isEmpty { fillers.append(.bytes(first)) }
    }
    return fillers
  }

  private mutating func planOverlong() {
    let places = thinned(
      places(withEnds: true), to: 64, why: "each takes more than max_frame bytes")
    notes = []
    cases = places.map {
      .overlong(transcript: $0.transcript, connection: $0.connection, offset: $0.offset)
    }
  }

  private mutating func halfCloses(most: Int) -> [ProbeCase] {
    let why = hasThreads ? "the handler has threads, so each has to be waited for" : "it is long"
    return thinned(places(withEnds: true), to: most, why: why).map {
      .halfClose(transcript: $0.transcript, connection: $0.connection, offset: $0.offset)
    }
  }

  private mutating func planReadOnly() {
    for index in indices {
      cases.append(.lockStep(transcript: index, .none, .end))
      cases.append(.lockStep(transcript: index, .everyByte, .end))
      for distance in 0..<8 {
        cases.append(.lockStep(transcript: index, .none, .start(distance)))
      }
    }
    cases += splits().map { .lockStep(transcript: $0.transcript, $0.cutting, .end) }
    skipped = nil
  }

  private mutating func planPromises() {
    cases = [.declaration]
    cases += indices.map { .lockStep(transcript: $0, .none, nil) }
    cases += indices.map { .lockStep(transcript: $0, .everyByte, nil) }
    cases += (0..<min(100, Int(task.runs))).map(randomCase)
    cases += halfCloses(most: hasThreads ? 20 : 200)
    notes = []
  }
}
