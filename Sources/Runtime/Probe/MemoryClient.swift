// A client that is only memory: what it is about to send, what it was sent, and how far either side
// has come to its end.

internal import CKernel
internal import Kernel

/// One client of a `MemoryNetwork`. All that the loop knows of it is its descriptor and its token.
struct MemoryClient {
  /// How a client may end.
  enum End {
    case none
    /// It shut down its sending side.
    case orderly
    /// It has gone, whatever was on the way.
    case reset
  }

  /// Nobody uses this place.
  var isFree = false
  /// The loop has a row for it, and gave it this name.
  var token: Token?
  var isArmed = false
  /// What it is sending, of which `taken` bytes have been received.
  var piece: [UInt8] = []
  var taken = 0
  var end = End.none
  var isEndTaken = false
  /// What the loop sent; bytes that are not kept are counted all the same.
  var output: [UInt8] = []
  var keepsOutput = true
  var sentCount = 0
  /// The host has ended its output in good order.
  var isOutputEnded = false
  /// The host has closed it.
  var isClosed = false
  var wasReset = false

  /// Has everything been received that it sent?
  var isQuiet: Bool { taken == piece.count }
  /// Will it hear no more?
  var hasSeenEnd: Bool { isOutputEnded || isClosed }

  /// Is there something to be received?
  var isDeliverable: Bool {
    guard token != nil, !isClosed, !isEndTaken else { return false }
    if end == .reset { return true }
    return isArmed && (!isQuiet || end == .orderly)
  }
}
