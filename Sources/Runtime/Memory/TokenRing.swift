// First in, first out, of a fixed size: tokens that a backend means to look at again soon. A full
// ring refuses; whoever pushes has a dearer way to go on.

internal import Kernel

struct TokenRing: ~Copyable {
  struct Entry: BitwiseCopyable {
    var token: Token
    /// A time whose meaning is the owner's.
    var since_ms: UInt64
    var tries: UInt32
  }

  private let entries: FlatTable<Entry>
  private let mask: Int
  private var head = 0
  private(set) var count = 0

  /// Room for at least `capacity` entries.
  init(capacity: Int) throws(SystemError) {
    var size = 64
    while size < capacity { size *= 2 }
    entries = try FlatTable(capacity: size)
    mask = size - 1
  }

  var isEmpty: Bool { count == 0 }

  /// False when there is no room.
  mutating func push(_ token: Token, since_ms: UInt64 = 0, tries: UInt32 = 0) -> Bool {
    guard count <= mask else { return false }
    entries[(head + count) & mask] = Entry(token: token, since_ms: since_ms, tries: tries)
    count += 1
    return true
  }

  /// What `pop` would give.
  var first: Entry? { count > 0 ? entries[head] : nil }

  mutating func pop() -> Entry? {
    guard count > 0 else { return nil }
    defer {
      head = (head + 1) & mask
      count -= 1
    }
    return entries[head]
  }
}
