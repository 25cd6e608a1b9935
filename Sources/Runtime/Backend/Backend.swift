// What the loop asks of the kernel, in the shape of completions: arm or submit, wait, then take one
// completion after the other. `Epoll` emulates it with readiness; a ring gives it natively; a
// simulation can play the kernel. The loop is generic over it and specialised for each, so none of
// this is a dynamic call.

internal import Kernel

/// What happened.
@safe struct Completion: BitwiseCopyable {
  enum Kind: UInt8 {
    /// Nothing is left of this wait.
    case none
    /// `result` is a new client's descriptor, or `-errno`.
    case accepted
    /// `result` bytes lie at `bytes`; 0 is the end of the input, otherwise `-errno`.
    case received
    /// A datagram of `result` bytes lies at `bytes`, with a byte of room behind it; `path` of the
    /// backend says how it came. Otherwise `-errno` of the socket.
    case datagram
    /// The socket takes bytes again: submit the next send.
    case sendable
    /// The socket is dead although nobody was reading from it.
    case failed
    /// Another thread called for attention.
    case woken
    /// The control socket has something.
    case control
  }

  var kind: Kind
  var token: Token
  var result: Int
  /// SAFETY: in the room that was offered for this receive, or in a buffer of the backend's with a
  /// byte of room behind it; valid until the next one.
  var bytes: UnsafeMutableRawPointer?

  static var nothing: Completion {
    unsafe Completion(kind: .none, token: Token(rawValue: 0), result: 0, bytes: nil)
  }
}

/// When a receive is first worth trying.
enum Eagerness: UInt8 {
  /// The bytes are probably there already.
  case now
  /// The sending side has ended and the client's end will be there in a moment: look at the coming
  /// ticks before asking the kernel to watch. Input before that end need not be delivered.
  case soon
  /// Nobody knows.
  case whenReady
}

/// Says where received bytes go. Asked just before each receive.
protocol ReceiveRoom: ~Copyable {
  /// Room for the client's next bytes, behind those it has left over; never empty.
  func room(for token: Token) -> UnsafeMutableRawBufferPointer
  /// Room for a batch of datagrams: `DatagramBatch.byteCount` bytes.
  var datagrams: UnsafeMutableRawPointer { get }
}

/// A step of the loop that a simulation can leave out, to show that its checks would find that.
enum LoopStep: String, CaseIterable {
  /// Rest after accepting failed for want of something.
  case backOff
  /// Go on accepting after that rest.
  case rearm
  /// Look whether a completion is for the row's present client.
  case slotCheck
  /// Go on with what a filter held up.
  case heldUp
}

/// The kernel as the loop sees it. One thread only, but for `wake`.
protocol Backend: ~Copyable {
  /// Milliseconds on a clock that never goes back.
  func now_ms() -> UInt64
  /// The same as of the end of the last wait, without another look at the clock where it is kept.
  var tick_ms: UInt64 { get }

  /// Delivers clients of a listener, many times, until disarmed; with their address if it is
  /// wanted.
  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError)
  mutating func disarmAccept(listener fd: Int32, token: Token)
  /// Who the client of the last completion is; none if that is not wanted.
  var peer: Endpoint { get }

  /// Closes a client that was accepted and that nobody has a row for.
  mutating func turnAway(_ fd: Int32, resetting: Bool)

  /// Delivers a socket's datagrams, many times, until disarmed.
  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError)
  mutating func disarmDatagrams(_ fd: Int32, _ token: Token)
  /// How the datagram of the last completion came.
  var path: DatagramPath { get }
  /// Sends datagrams of the outbox from `first` on, in order and without waiting: how many the
  /// kernel took, at least one, or `-errno` of the first.
  mutating func sendDatagrams(_ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int)
    -> Int

  /// Delivers nothing more from the control socket.
  mutating func disarmControl(_ fd: Int32)

  /// Delivers a client's input, many times, until disarmed or closed.
  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness)
  mutating func disarmReceive(_ fd: Int32, _ token: Token)

  /// Sends bytes. Returns how many the kernel took; when that is not all, `sendable` follows.
  /// Otherwise `-errno`. `isMoreToCome` lets the kernel wait for the rest of a segment.
  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int

  /// Do received bytes lie in buffers of the backend's own? Then the room is not always asked for,
  /// and what was on its way may come also after the client was disarmed. A constant.
  static var hasOwnBuffers: Bool { get }
  /// Bytes that such a buffer has room for: after a receive that filled it there may be more.
  var bufferCapacity: Int { get }

  /// May a long reply go to the socket in the middle of a call, past this backend? A constant.
  static var sendsAtOnce: Bool { get }

  /// Does it hold back what the kernel would take? A constant, so that a kernel is not even asked.
  static var holdsBack: Bool { get }
  /// So many bytes wait for a client behind what was sent, and its end behind them if it
  /// `isFinishing`. Told whenever the loop looks at a client, since a filter counts from then on.
  mutating func noteQueue(_ fd: Int32, _ token: Token, byteCount: Int, isFinishing: Bool)
  /// Everything was sent: may the client see the end now? Otherwise `sendable` follows when it
  /// may.
  mutating func mayEnd(_ fd: Int32, _ token: Token) -> Bool
  /// Is there anything on its way out that no client's row knows of?
  var isHolding: Bool { get }

  /// Ends the sending side; the client sees an orderly end behind what was sent.
  mutating func endSending(_ fd: Int32)
  /// Bytes of what was sent that the client has not taken; 0 where that cannot be told.
  func unsentByteCount(_ fd: Int32) -> Int
  /// Closes a client's socket; nothing is delivered for it any more.
  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool)
  /// Delivers nothing more for a client whose descriptor is somebody else's by now, and leaves that
  /// alone.
  mutating func abandon(_ fd: Int32, _ token: Token)
  /// Does the descriptor still stand for the socket that is watched for this client? A system
  /// call; true also where nobody can tell, as long as nothing has been asked for it.
  func holdsSocket(_ fd: Int32, _ token: Token) -> Bool

  /// Waits until something has completed, or so long; nil waits for ever.
  mutating func wait(timeout_ms: Int32?)
  /// The next completion of the last wait.
  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion

  /// Is this step of the loop to be left out? Only a simulation ever says so.
  func leavesOut(_ step: LoopStep) -> Bool
}

extension Backend where Self: ~Copyable {
  var tick_ms: UInt64 { now_ms() }

  func unsentByteCount(_ fd: Int32) -> Int { 0 }

  // In memory nobody else can close a descriptor.
  mutating func abandon(_ fd: Int32, _ token: Token) { close(fd, token, resetting: true) }
  func holdsSocket(_ fd: Int32, _ token: Token) -> Bool { true }

  @inline(__always)
  static var hasOwnBuffers: Bool { false }
  @inline(__always)
  var bufferCapacity: Int { 0 }
  @inline(__always)
  static var sendsAtOnce: Bool { false }

  // A kernel holds nothing back: only filters do.
  @inline(__always)
  static var holdsBack: Bool { false }
  @inline(__always)
  mutating func noteQueue(_ fd: Int32, _ token: Token, byteCount: Int, isFinishing: Bool) {}
  @inline(__always)
  mutating func mayEnd(_ fd: Int32, _ token: Token) -> Bool { true }
  @inline(__always)
  var isHolding: Bool { false }
}
