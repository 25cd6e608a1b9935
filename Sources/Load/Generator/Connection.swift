// One connection (or one socket for datagrams) as a row of a table: plain data, no references.

/// What is known of a connection.
struct Connection: BitwiseCopyable {
  enum State: UInt8 {
    /// No socket.
    case closed
    /// Asked for, and nothing has been sent.
    case connecting
    case open
  }

  var fd: Int32 = -1
  var state = State.closed
  /// Has been given a request.
  var hasBegun = false
  /// Stands in the ring of those that could take a request.
  var isFree = false
  /// Has something to send and waits in a ring until all requests are given out.
  var isDirty = false
  /// The kernel watches it, and for room to send too.
  var isWatched = false
  var awaitsRoom = false

  /// Requests given to it and not answered; their times lie in a ring of their own.
  var inFlight: Int32 = 0
  /// Where in that ring the oldest is.
  var oldest: Int32 = 0

  /// The first request that has not gone out whole, how many there are, and what of it has gone.
  var nextRequest: Int32 = 0
  var unsent: Int32 = 0
  var sentByteCount = 0

  /// The reply that is expected next, and what of it has come.
  var nextReply: Int32 = 0
  var receivedByteCount = 0

  /// Of the last reply, or of the request before which none was in flight; or of the connect.
  var since_ns: UInt64 = 0
}
