// What the worker knows about one client: a flat record, no references, 200 bytes at most, because
// an idle connection must cost no more than that and its reply slot.

internal import Control
internal import Kernel

/// One row of the connection table. All-zero bytes are a free row.
struct Connection: BitwiseCopyable {
  /// Meaningless while the row is free.
  var fd: Int32
  /// Counts the clients this row has had, so that a late completion finds that it is late.
  var generation: UInt32
  var marks: Marks
  var listener: UInt16
  var slot: ReplySlot.Index
  /// Bytes of input that may still be discarded after the end of the output. (It fills a gap here.)
  var lingerLeft: UInt32
  /// Never repeated in a worker; starts at 1. 0 while the row is free.
  var id: UInt64
  /// What `on_open` returned: the handler's, opaque here.
  var state: UInt
  /// None until somebody asked; use `Core.peer`.
  var peer: Endpoint

  /// Unconsumed bytes, in a buffer of this connection's own; `.none` when there are none.
  var input: PooledBuffer
  var inputStart: UInt32
  var inputCount: UInt32
  /// How many of them the handler has seen when it last asked for more.
  var inputSeen: UInt32
  /// Do not call `handle` with fewer bytes than this.
  var inputWanted: UInt32

  var output: OutputQueue

  /// Milliseconds on the loop's clock; 0 for none.
  var lastActivity_ms: UInt64
  /// Since when the client has taken nothing of what waits for it; meaningful while `sending`.
  var sendingSince_ms: UInt64
  /// What the kernel held for the client at that time.
  var unsentThen: Int
  var handlerTimer_ms: UInt64
  /// The host's own deadline: what for depends on the marks.
  var deadline_ms: UInt64

  /// Bytes that other threads have replied and that are on their way to `output`; under the inbox's
  /// lock.
  var inbound: Int
  /// How long the request has been incomplete. (The flag below fills a gap behind it.)
  var request: RequestClock
  /// Another thread was told FULL and the loop does not know yet; under the inbox's lock.
  var hasInboundFull: Bool
  /// The next row that the end of the tick must look at; see `DirtyList`. It outlives the client:
  /// a row may be freed while it is on that list.
  var nextDirty: Int32
  /// The next free row, while this one is free.
  var nextFree: Int32

  /// What a new client starts with: all but its descriptor, number, generation and the dirty list.
  /// Field by field, since a row is several cache lines and most of it is zero already.
  mutating func clear() {
    marks = marks.intersection(.dirty)
    slot = .none
    state = 0
    peer = .none
    input = .none
    inputStart = 0
    inputCount = 0
    inputSeen = 0
    inputWanted = 0
    output = OutputQueue()
    sendingSince_ms = 0
    unsentThen = 0
    handlerTimer_ms = 0
    deadline_ms = 0
    request.clear()
    inbound = 0
    hasInboundFull = false
    lingerLeft = 0
  }

  /// What is true of a connection. A set and not an enum, since most of these cross freely; the
  /// three stages of an end (`finishing`, `lingering`, free) are checked in that order.
  struct Marks: OptionSet, BitwiseCopyable {
    var rawValue: UInt32

    /// A call of the handler has been made: `on_close` is due.
    static let opened = Marks(rawValue: 1 << 0)
    /// No more `handle`; what is queued goes out, then the sending side ends.
    static let finishing = Marks(rawValue: 1 << 1)
    /// The output has ended; input is discarded until the client ends too.
    static let lingering = Marks(rawValue: 1 << 2)
    /// End at once with a reset, as soon as no call is running.
    static let aborted = Marks(rawValue: 1 << 3)
    /// The client has shut down its sending side.
    static let inputEnded = Marks(rawValue: 1 << 4)
    /// … and the handler has been told, or need not be.
    static let endDelivered = Marks(rawValue: 1 << 5)
    /// The backend is to deliver input.
    static let reading = Marks(rawValue: 1 << 6)
    /// The handler asked for a pause.
    static let paused = Marks(rawValue: 1 << 7)
    /// Output rose above high-water: no reading and no `handle` until it is below low-water.
    static let blocked = Marks(rawValue: 1 << 8)
    /// `handle` returned 0 with output above low-water: call it again when that ends.
    static let retryWhenDrained = Marks(rawValue: 1 << 9)
    /// A reply was refused with FULL, or answered more than high-water: `on_writable` is due.
    static let full = Marks(rawValue: 1 << 10)
    /// The backend will say when the socket takes bytes again.
    static let sending = Marks(rawValue: 1 << 11)
    /// On the list of what the end of the tick must look at.
    static let dirty = Marks(rawValue: 1 << 12)
    /// Bytes have arrived at least once.
    static let hasReceived = Marks(rawValue: 1 << 13)
    /// The last receive filled its room: there may be more in the socket.
    static let receiveFilled = Marks(rawValue: 1 << 14)
    /// `need` set `inputWanted`; otherwise the rule against rescanning did.
    static let needed = Marks(rawValue: 1 << 15)
    /// `deadline_ms` is the end of waiting for a reply after the client's end.
    static let awaitingReply = Marks(rawValue: 1 << 16)
    /// `deadline_ms` is when to show the handler bytes that the rule against rescanning held back.
    static let rescanDue = Marks(rawValue: 1 << 17)
    /// `on_drain` has been called.
    static let drained = Marks(rawValue: 1 << 18)
    /// Waits for a place within the limits: nothing has been read, and the handler knows nothing.
    static let held = Marks(rawValue: 1 << 19)
    /// In the tally of all workers' connections.
    static let counted = Marks(rawValue: 1 << 20)
    /// Everything was sent, and a filter holds the end back: it knows for how long.
    static let endHeld = Marks(rawValue: 1 << 22)
    /// Its descriptor is somebody else's by now, and must not be touched.
    static let lost = Marks(rawValue: 1 << 23)
    /// In the tally of its address.
    static let addressCounted = Marks(rawValue: 1 << 21)
  }
}
