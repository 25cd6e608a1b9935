// Who the end of the tick must look at: in the order in which something happened to them, each
// once. The links lie in the table's rows, so that nothing is allocated; they outlive a client.

/// Rows that something has happened to outside their own turn, linked through the table.
struct DirtyList: ~Copyable {
  private var first: Int32 = -1
  private var last: Int32 = -1
  private(set) var count = 0

  mutating func add(_ row: Int, in table: inout ConnectionTable) {
    guard !table[row].marks.contains(.dirty) else { return }
    table[row].marks.insert(.dirty)
    table[row].nextDirty = -1
    if first < 0 { first = Int32(row) } else { table[Int(last)].nextDirty = Int32(row) }
    last = Int32(row)
    count += 1
  }

  /// The row that has been waiting longest; it is not dirty any more.
  mutating func take(from table: inout ConnectionTable) -> Int? {
    guard first >= 0 else { return nil }
    let row = Int(first)
    first = table[row].nextDirty
    table[row].nextDirty = -1
    table[row].marks.remove(.dirty)
    count -= 1
    return row
  }

  var isEmpty: Bool { first < 0 }
}
