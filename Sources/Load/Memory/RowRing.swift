// First in, first out: rows of the connection table that wait for something. A row is in a ring at
// most once, so a ring for all rows is never full.

/// A queue of rows.
struct RowRing: ~Copyable {
  private let rows: FlatTable<Int32>
  private var head = 0
  private(set) var count = 0

  init(capacity: Int) { rows = FlatTable(repeating: 0, count: capacity) }

  var isEmpty: Bool { count == 0 }

  /// What `pop` would give.
  var first: Int? { count > 0 ? Int(rows[head]) : nil }

  mutating func push(_ row: Int) {
    precondition(count < rows.capacity, "BUG: a row is in a ring twice")
    let place = head + count
    rows[place < rows.capacity ? place : place - rows.capacity] = Int32(row)
    count += 1
  }

  mutating func pop() -> Int? {
    guard let row = first else { return nil }
    head = head + 1 < rows.capacity ? head + 1 : 0
    count -= 1
    return row
  }
}
