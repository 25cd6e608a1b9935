// `--memory-limit`, and the shares of it at which something is done about clients that hold much.
// The last sixteenth is for clients that hold little, so that one whose request is short, or whose
// reply is, never pays for others that fill the rest before the loop can end some of them.

/// Bytes that a worker may hold for all of its clients, and what follows when it does.
struct MemoryLimit: BitwiseCopyable, Equatable {
  /// Bytes that one client may hold out of the last sixteenth.
  static let little = 16 << 10

  let byteCount: Int

  init(_ byteCount: Int) { self.byteCount = byteCount }

  /// Accepting goes on, and nobody else has to go, at most here.
  var relieved: Int { byteCount / 4 * 3 }
  /// Accepting rests above it.
  var short: Int { byteCount / 8 * 7 }
  /// Nobody who holds more than a little gets any more above it, and the largest holders go.
  var full: Int { byteCount / 16 * 15 }

  /// May a client have `more` bytes, when it holds `own` already and all clients together `held`?
  @inline(__always)
  func allows(_ more: Int, own: Int, held: Int) -> Bool {
    let total = held + more
    return total <= full || (total <= byteCount && own + more <= Self.little)
  }
}
