// Datagrams on their way to clients, until a delay or a rate lets them go: first in, first out, so
// that none overtakes another. Bounded for all clients together; what does not fit is lost, as a
// full queue loses datagrams anywhere.

internal import CKernel
internal import Kernel

struct HeldDatagrams {
  struct Held {
    var due_ms: UInt64
    var fd: Int32
    var path: DatagramPath
    var bytes: [UInt8]
  }

  static let capacity = 4096
  static let byteCapacity = 4 << 20

  private var queue: [Held] = []
  /// Those before it have gone.
  private var head = 0
  private var byteCount = 0
  /// When the last one leaves.
  private var last_ms: UInt64 = 0

  var isEmpty: Bool { head == queue.count }
  var count: Int { queue.count - head }
  var first: Held? { isEmpty ? nil : queue[head] }

  func hasRoom(for length: Int) -> Bool {
    count < Self.capacity && byteCount + length <= Self.byteCapacity
  }

  /// Appends one; it leaves at its time, and not before those that are there.
  mutating func add(_ held: Held) {
    var held = held
    last_ms = max(last_ms, held.due_ms)
    held.due_ms = last_ms
    byteCount += held.bytes.count
    queue.append(held)
  }

  mutating func removeFirst() {
    byteCount -= queue[head].bytes.count
    queue[head].bytes = []
    head += 1
    if head == queue.count {
      queue.removeAll(keepingCapacity: true)
      head = 0
    } else if head == Self.capacity {
      queue.removeFirst(head)
      head = 0
    }
  }
}
