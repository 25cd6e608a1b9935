// How the handler under test behaves in a schedule: which promises and hooks it has, how it
// consumes its input, and what else it does now and then. Each kind is a sort of handler that
// people write; the last does everything at once.

/// The numbers that decide about the handler. "Once in so many calls", 0 for never.
struct HandlerPlan: BitwiseCopyable {
  enum Kind: UInt8, CaseIterable {
    /// Answers with what it got.
    case echo
    /// Consumes a few bytes at a time.
    case pieces
    /// Frames with a length in front; incomplete ones wait.
    case frames
    /// Speaks first.
    case greeter
    /// Ends the connection after a few calls.
    case finisher
    /// Replies more than anybody reads.
    case flooder
    /// Pauses, and resumes by a timer.
    case pauser
    /// Answers the client's end.
    case listener
    /// Aborts, and answers protocol errors.
    case aborter
    /// Keeps replies and uses them for other clients, and after their connection has gone.
    case keeper
    case everything
  }

  struct Hooks: OptionSet, BitwiseCopyable {
    var rawValue: UInt16
    static let open = Hooks(rawValue: 1 << 0)
    static let greet = Hooks(rawValue: 1 << 1)
    static let eof = Hooks(rawValue: 1 << 2)
    static let writable = Hooks(rawValue: 1 << 3)
    static let timer = Hooks(rawValue: 1 << 4)
    static let drain = Hooks(rawValue: 1 << 5)
    static let close = Hooks(rawValue: 1 << 6)
    static let unload = Hooks(rawValue: 1 << 7)
  }

  var kind: Kind
  /// `PORTICO_INLINE` and `PORTICO_FORGETS`.
  var flags: UInt64
  var hooks: Hooks
  /// Consumes at most so many bytes in a call.
  var appetite = Int.max
  /// Consumes whole frames only.
  var isFramed = false
  /// Frames may be longer than what the rule against rescanning lets through at once.
  var hasLongFrames = false
  /// Returns 0 although it could consume.
  var hesitates = 0
  /// Says how much it needs when a frame is incomplete.
  var needs = 0
  var replies = 2
  /// Bytes of a reply that is not an echo.
  var replySize = 64
  /// Does not reply any more to a client that it has told so much.
  var mostBytes = 1000
  /// Replies with the very bytes it was given.
  var echoes = false
  /// One reply after the other in a call.
  var repliesAgain = 0
  /// A reply that could never fit.
  var exaggerates = 0
  /// A reply of nothing, or from nowhere.
  var stammers = 0
  var finishes = 0
  var aborts = 0
  /// Returns a protocol error, or more than it was given.
  var fails = 0
  var pauses = 0
  var timers = 0
  var crossReplies = 0
  var workerTimers = 0
  var maxFrame: UInt64 = 0

  init(_ random: inout SeededRandom) {
    kind = Kind(rawValue: UInt8(random.below(Kind.allCases.count)))!
    flags = [0, 0, 1, 2, 3][random.below(5)]
    hooks = [.close]
    for hook in [Hooks.open, .eof, .writable, .timer, .drain, .unload] where random.once(in: 2) {
      hooks.insert(hook)
    }
    if random.once(in: 8) { hooks.remove(.close) }
    if random.once(in: 4) { isFramed = true }
    if random.once(in: 4) { appetite = random.oneOf(1, 7, 50, 300) }
    if random.once(in: 2) { timers = 10 }
    if random.once(in: 8) { workerTimers = 20 }
    if random.once(in: 6) { maxFrame = UInt64(random.oneOf(20, 100, 1000)) }
    repliesAgain = random.oneOf(0, 3)
    replySize = random.oneOf(5, 64, 300, 900)
    mostBytes = random.oneOf(500, 2000, 6000)
    echoes = random.once(in: 2)
    specialise(&random)
  }

  private mutating func specialise(_ random: inout SeededRandom) {
    switch kind {
    case .echo:
      echoes = true
      replies = 1
      isFramed = false
    case .pieces:
      appetite = random.oneOf(1, 3, 40)
      hesitates = random.oneOf(0, 5)
    case .frames:
      isFramed = true
      needs = random.oneOf(0, 1, 3)
      hasLongFrames = random.once(in: 3)
    case .greeter: hooks.insert(.greet)
    case .finisher: finishes = random.oneOf(2, 6, 20)
    case .flooder:
      if random.once(in: 2) { hooks.insert(.writable) }
      replySize = random.oneOf(400, 3000)
      mostBytes = random.oneOf(6000, 20_000)
      replies = 1
      repliesAgain = 2
      exaggerates = 50
    case .pauser:
      hooks.insert(.timer)
      pauses = random.oneOf(2, 8)
    case .listener:
      hooks.insert(.eof)
    case .aborter:
      aborts = random.oneOf(6, 30)
      fails = random.oneOf(0, 10)
    case .keeper:
      crossReplies = random.oneOf(1, 4)
      stammers = 8
    case .everything:
      if random.once(in: 2) { hooks.insert(.greet) }
      needs = 4
      hesitates = 8
      exaggerates = 60
      stammers = 20
      finishes = 40
      aborts = 80
      fails = 80
      pauses = 10
      timers = 6
      crossReplies = 6
    }
  }

  var isInline: Bool { flags & 1 != 0 }
  var forgets: Bool { flags & 2 != 0 }
}
