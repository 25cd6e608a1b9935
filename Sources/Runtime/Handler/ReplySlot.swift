// What a reply is bound to. A slot is as immortal as the closure that carries its address: the two
// are made together, in bulk, and neither is ever freed or prepared again. What changes is the
// state in the slot, so that a pointer that a handler kept for years finds out here that it is
// dead.

internal import CKernel

/// One reply's binding: 8 bytes. Written by the loop; other threads only count themselves in and
/// out.
struct ReplySlot: BitwiseCopyable {
  /// Low two bits: `State`; above them the number of calls that are inside right now.
  var word: UInt32
  /// Live: the row of the connection. Dead: the next slot of the free list.
  var row: UInt32

  enum State {
    static let dead: UInt32 = 0
    static let live: UInt32 = 1
    /// Finished by the handler: answers GONE although the connection still has bytes to send.
    static let closing: UInt32 = 2
    /// Live, of the datagram being served: never on the fast path, since each reply is a datagram.
    static let datagram: UInt32 = 3
    static let mask: UInt32 = 3
    /// One call more inside.
    static let call: UInt32 = 4
  }

  /// A slot by number: which chunk, and where in it.
  struct Index: BitwiseCopyable, Equatable {
    var rawValue: UInt32
    static var none: Index { Index(rawValue: .max) }
  }
}
