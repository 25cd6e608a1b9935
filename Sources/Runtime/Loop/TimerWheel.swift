// One timer for each row of a table, in a hierarchical wheel: 4 levels of 64 slots, 1 ms each at
// the lowest (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987). Setting and
// taking back cost the same whatever is set. A timer never fires early; it fires late by the tick
// it is seen in. Nothing here reads a clock.

internal import Kernel

struct TimerWheel: ~Copyable {
  private static let levels = 4
  private static let slotBits: UInt64 = 6
  private static let slots = 64
  /// Where timers wait that are due and have not been taken yet.
  private static let dueBucket = levels * slots
  /// The farthest that a slot can tell apart; later deadlines wait there and are sorted in again.
  private static let horizon: UInt64 = 1 << (slotBits * UInt64(levels)) - 1

  private struct Node: BitwiseCopyable {
    var deadline: UInt64
    /// Rows plus one, so that zeroed memory is an empty list.
    var next: Int32
    var previous: Int32
    /// Bucket plus one; 0 while no timer is set.
    var bucket: Int32
  }

  private let nodes: FlatTable<Node>
  private let heads: FlatTable<Int32>
  private let occupied: FlatTable<UInt64>
  /// All that was due at or before this time has been moved to the due bucket.
  private var current: UInt64
  private(set) var count = 0
  /// Nothing has to be looked at before; `.max` when no timer is set. It may be too early, after a
  /// timer was cancelled, never too late.
  private var earliest: UInt64 = .max

  init(rows: Int, now_ms: UInt64) throws(SystemError) {
    let nodes = try FlatTable<Node>(capacity: rows)
    let heads = try FlatTable<Int32>(capacity: Self.levels * Self.slots + 1)
    let occupied = try FlatTable<UInt64>(capacity: Self.levels)
    self.nodes = nodes
    self.heads = heads
    self.occupied = occupied
    current = now_ms
  }

  func isSet(_ row: Int) -> Bool { nodes[row].bucket != 0 }
  /// Meaningful while it is set.
  func deadline_ms(_ row: Int) -> UInt64 { nodes[row].deadline }

  /// Sets a row's timer, in place of the one it may have.
  mutating func set(_ row: Int, at deadline_ms: UInt64) {
    if isSet(row) {
      if nodes[row].deadline == deadline_ms { return }
      unlink(row)
    }
    nodes[row].deadline = deadline_ms
    link(row)
  }

  mutating func cancel(_ row: Int) {
    if isSet(row) { unlink(row) }
  }

  /// When `take` must be called again at the latest; nil when no timer is set.
  func nextEvent_ms() -> UInt64? {
    count == 0 ? nil : earliest
  }

  /// A row whose timer is due, which is then not set any more; nil when there is none left.
  mutating func take(now_ms: UInt64) -> Int? {
    if now_ms < earliest { return nil }
    while heads[Self.dueBucket] == 0 {
      guard count > 0, let next = nextSlot(), next <= now_ms else {
        current = max(current, now_ms)
        earliest = count > 0 ? nextSlot() ?? .max : .max
        return nil
      }
      current = next
      collect()
    }
    let row = Int(heads[Self.dueBucket]) - 1
    unlink(row)
    return row
  }

  /// The start of the next slot, on any level, that has a timer in it.
  private func nextSlot() -> UInt64? {
    var earliest: UInt64?
    for level in 0..<Self.levels {
      let bits = occupied[level]
      if bits == 0 { continue }
      let shift = Self.slotBits * UInt64(level)
      let position = current >> shift
      // Turned so that bit 0 is the slot after the present one.
      let turn = (position + 1) & 63
      let turned = turn == 0 ? bits : bits >> turn | bits << (64 - turn)
      let start = (position + 1 + UInt64(turned.trailingZeroBitCount)) << shift
      earliest = min(earliest ?? start, start)
    }
    return earliest
  }

  /// Sorts the slots that begin now into lower levels, and what is due into the due bucket.
  private mutating func collect() {
    var level = Self.levels - 1
    while level >= 0 {
      let shift = Self.slotBits * UInt64(level)
      if current & ((1 << shift) - 1) == 0 {
        let bucket = level * Self.slots + Int((current >> shift) & 63)
        while heads[bucket] != 0 {
          let row = Int(heads[bucket]) - 1
          unlink(row)
          link(row)
        }
      }
      level -= 1
    }
  }

  private mutating func link(_ row: Int) {
    let bucket = bucket(for: nodes[row].deadline)
    let head = heads[bucket]
    nodes[row].next = head
    nodes[row].previous = 0
    nodes[row].bucket = Int32(bucket + 1)
    if head != 0 { nodes[Int(head) - 1].previous = Int32(row + 1) }
    heads[bucket] = Int32(row + 1)
    if bucket != Self.dueBucket {
      occupied[bucket / Self.slots] |= 1 << UInt64(bucket % Self.slots)
      let shift = Self.slotBits * UInt64(bucket / Self.slots)
      let shown = min(nodes[row].deadline, current + Self.horizon)
      earliest = min(earliest, (shown >> shift) << shift)
    } else {
      earliest = min(earliest, current)
    }
    count += 1
  }

  private mutating func unlink(_ row: Int) {
    let bucket = Int(nodes[row].bucket) - 1
    let next = nodes[row].next
    let previous = nodes[row].previous
    if previous != 0 { nodes[Int(previous) - 1].next = next } else { heads[bucket] = next }
    if next != 0 { nodes[Int(next) - 1].previous = previous }
    if heads[bucket] == 0, bucket != Self.dueBucket {
      occupied[bucket / Self.slots] &= ~(1 << UInt64(bucket % Self.slots))
    }
    nodes[row].bucket = 0
    count -= 1
  }

  private func bucket(for deadline: UInt64) -> Int {
    guard deadline > current else { return Self.dueBucket }
    let distance = min(deadline - current, Self.horizon)
    let shown = current + distance
    var level = 0
    while level < Self.levels - 1, distance >= 1 << (Self.slotBits * UInt64(level + 1)) {
      level += 1
    }
    return level * Self.slots + Int((shown >> (Self.slotBits * UInt64(level))) & 63)
  }
}
