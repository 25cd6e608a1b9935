// The connection table: rows by index, free ones on a list, live ones counted.

internal import Kernel

struct ConnectionTable: ~Copyable {
  private let rows: FlatTable<Connection>
  /// Free rows that have been used, linked through `nextFree`; -1 ends the list.
  private var firstFree: Int32 = -1
  /// Rows from here on have never been used.
  private(set) var used = 0
  private(set) var count = 0
  let capacity: Int
  /// One row more, behind those of connections: the datagram being served has it.
  var datagramRow: Int { capacity }

  init(capacity: Int) throws(SystemError) {
    rows = try FlatTable(capacity: capacity + 1)
    self.capacity = capacity
  }

  var isFull: Bool { count == capacity }

  // SAFETY: the rows lie still as long as this table, and an index is one that it gave out.
  subscript(_ index: Int) -> Connection {
    @inline(__always)
    unsafeAddress { unsafe UnsafePointer(rows.address(of: index)) }
    @inline(__always)
    nonmutating unsafeMutableAddress { unsafe rows.address(of: index) }
  }

  /// A row for a new client, cleared but for its generation. The table must not be full.
  mutating func insert(fd: Int32, id: UInt64) -> Int {
    precondition(!isFull, "BUG: the connection table is full")
    let index: Int
    if firstFree >= 0 {
      index = Int(firstFree)
      firstFree = rows[index].nextFree
    } else {
      index = used
      used += 1
      rows[index].nextDirty = -1
    }
    count += 1
    rows[index].fd = fd
    rows[index].id = id
    rows[index].clear()
    return index
  }

  /// Gives a row back; its generation goes up, so that tokens of its last client are stale. It
  /// stays on the dirty list if it is there.
  mutating func remove(_ index: Int) {
    precondition(isLive(index), "BUG: a row was freed twice, and would be given to two clients")
    rows[index].fd = -1
    rows[index].id = 0
    rows[index].generation = (rows[index].generation &+ 1) & Token.generationMask
    rows[index].nextFree = firstFree
    firstFree = Int32(index)
    count -= 1
  }

  func isLive(_ index: Int) -> Bool { rows[index].id != 0 }

  /// The row a completion is for, or nil when that client has gone.
  @inline(__always)
  func index(of token: Token) -> Int? {
    let index = token.index
    return rows[index].id != 0 && rows[index].generation == token.generation ? index : nil
  }

  func token(_ index: Int) -> Token {
    Token(purpose: .connection, index: index, generation: rows[index].generation)
  }
}
