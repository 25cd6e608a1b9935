// One client and everything that is known of it: what it means to do, the connection in the
// simulated kernel, and what the handler was told and has said. It is the judge's notebook as well:
// nothing in it comes from the loop's own records, so that the two can be compared.

internal import CKernel
internal import Kernel

/// A client, from its plan to its end. All-zero bytes are one that does not exist.
struct SimulatedClient: BitwiseCopyable {
  enum Stage: UInt8 {
    /// Has not connected yet.
    case planned
    /// In a listener's queue.
    case queued
    /// The host has its descriptor.
    case open
    /// The host has closed it.
    case closed
  }

  /// What a client does when it has sent everything.
  enum Ending: UInt8, CaseIterable {
    /// Ends its sending side, and reads on.
    case halfClose
    /// Closes, whatever is still on the way to it.
    case close
    case reset
    /// Its machine is gone: nothing is ever heard of it.
    case vanish
    /// Waits for the host to end.
    case stay
  }

  var stage = Stage.planned

  // What it does.
  var ending = Ending.stay
  var listener = 0
  /// The last number of its address, and its port.
  var address: UInt8 = 0
  var port: UInt16 = 0
  /// Where its bytes are in the pattern, and how many it means to send.
  var start = 0
  var toSend = 0
  /// One that breaks off does so after that many.
  var breakAt = 0
  /// Most bytes that it sends, and reads, at once.
  var piece = 1
  var gulp = 1
  /// Does not read before that time.
  var readsFrom_ms: UInt64 = 0
  /// When it acts next; `.max` when it waits for something.
  var next_ms = UInt64.max
  /// Its place in the listener's queue; taken from it, and not delivered yet.
  var order = 0
  var isTaken = false

  // The connection, as the client sees it.
  var sent = 0
  var delivered = 0
  var hasEnded = false
  /// It has closed its socket: what is sent to it comes back as a reset.
  var isGone = false
  var hasVanished = false
  var wasReset = false

  // The connection, as the host's kernel sees it.
  var fd: Int32 = 0
  var token = Token(rawValue: 0)
  /// It was armed or disarmed: the backend looks after it.
  var isWatched = false
  var isArmed = false
  /// A send was short: `sendable` is due.
  var isAwaited = false
  /// Held back until then.
  var receiveReady_ms: UInt64 = 0
  var sendReady_ms: UInt64 = 0
  var taken = 0
  var isEndTaken = false
  var endTaken_ms: UInt64 = 0
  /// A reset, or another end that nobody wanted: an errno.
  var error: Int32 = 0
  var isErrorTold = false
  /// Bytes that the kernel took from the host.
  var sentOut = 0
  var isCorked = false
  var isOutputEnded = false
  var outputEnded_ms: UInt64 = 0
  /// The host reads from it; until then it is held.
  var isStarted = false
  var started_ms: UInt64 = 0
  var lastMove_ms: UInt64 = 0
  /// Since when it has taken nothing of what waits for it.
  var stuckSince_ms: UInt64 = 0
  /// Since when a request has been incomplete, and what was taken by then; 0 for none.
  var incompleteSince_ms: UInt64 = 0
  var takenThen = 0
  /// The host may have stood in its way since: it is late then, or later.
  var hasBeenHeldUp = false

  /// It may be reset with unread bytes: the host has waited for it, or has cut everybody off.
  var mayLose = false

  // What the handler knows and has said.
  var reply: UInt = 0
  var slot = ReplySlot.Index.none
  var state: UInt = 0
  var heard = Heard()
  /// Bytes consumed; bytes up to which it has been shown at least once.
  var consumed = 0
  var shown = 0
  /// The last call consumed something, so that the rest is shown anew.
  var isShownAnew = false
  /// The turn at whose end a pause or an abort holds at the latest.
  var wishTurn = 0
  var isWritableAgain = false
  /// `finish` was called, and not refused.
  var isFinishAsked = false
  /// Asked for so many, by `need`; 0 for none.
  var needed = 0
  /// Bytes that `reply` took, and the list of where they are in the pattern.
  var owed = 0
  var lastOwed_ms: UInt64 = 0
  var owedTurn = 0
  var lastSlice: Int32 = -1
  /// The slice that the next byte to send is in, and how far.
  var cursor: Int32 = -1
  var cursorOffset = 0
  var timer_ms: UInt64 = 0

  init() {}

  /// What has been called for this connection, and what was said in return.
  struct Heard: OptionSet, BitwiseCopyable {
    var rawValue: UInt32
    static let anything = Heard(rawValue: 1 << 0)
    static let open = Heard(rawValue: 1 << 1)
    static let greet = Heard(rawValue: 1 << 2)
    static let eof = Heard(rawValue: 1 << 3)
    static let drain = Heard(rawValue: 1 << 4)
    static let close = Heard(rawValue: 1 << 5)
    /// The handler finished it, or returned what ends it.
    static let finished = Heard(rawValue: 1 << 6)
    static let aborted = Heard(rawValue: 1 << 7)
    static let paused = Heard(rawValue: 1 << 8)
    /// A reply was refused, or answered more than high-water: `on_writable` is due.
    static let awaitsRoom = Heard(rawValue: 1 << 9)
    /// A reply was refused, and there is no `on_writable`: a hole, so not a byte may follow.
    static let torn = Heard(rawValue: 1 << 10)
    /// A reply answered GONE although the handler had not finished: the host has.
    static let gone = Heard(rawValue: 1 << 11)
    /// An unfinished frame reached the limit.
    static let tooLong = Heard(rawValue: 1 << 12)
    /// Returned 0 while replies were waiting or refused: may be called again with the same bytes.
    static let mayRetry = Heard(rawValue: 1 << 13)
  }

  var endpoint: Endpoint {
    var endpoint = Endpoint()
    endpoint.family = 4
    endpoint.port = port
    endpoint.address.0 = 10
    endpoint.address.3 = address
    return endpoint
  }

  /// Bytes that the host holds for it, as the handler is told.
  var waiting: Int { owed - sentOut }
}

/// A piece of a client's output: a piece of the pattern.
struct Slice: BitwiseCopyable {
  var place: Int32
  var count: Int32
  var next: Int32
  /// When it was replied.
  var since_ms: UInt64
}

/// Something that is delivered although its time is over. All-zero bytes are none.
struct LateCompletion: BitwiseCopyable {
  var kind: Completion.Kind
  var token: Token
  /// Who is accepted, or whose bytes it carries, how many, and from where in the pattern.
  var client: Int
  var count: Int
  var place: Int
  var due_ms: UInt64
}
