// Which pages of a region are free, in blocks of 2^n pages that begin at a multiple of as many, so
// that two halves are found and joined again (Knuth, The Art of Computer Programming, 2.5, the
// buddy system). Whatever sizes were in use before, memory that is free serves any size again.
// It is written down apart from the region: a handler that keeps a pointer to an old request and
// writes there must not be able to have one client's buffer given to another as well.

internal import Kernel

/// Free blocks of a region of pages. Page 0 is never one of them: 0 stands for none.
struct FreeBlocks: ~Copyable {
  /// Blocks of up to 2^32 bytes, as orders of bytes; enough for any buffer.
  static let orderCount = 33

  /// For each order the first free block's page.
  private var first: [UInt32]
  /// By the first page of a free block: its neighbours in the list of its order, and that order
  /// plus one.
  private let next: FlatTable<UInt32>
  private let previous: FlatTable<UInt32>
  private let state: FlatTable<UInt8>

  init(pageCount: Int) throws(SystemError) {
    let next = try FlatTable<UInt32>(capacity: pageCount)
    let previous = try FlatTable<UInt32>(capacity: pageCount)
    let state = try FlatTable<UInt8>(capacity: pageCount)
    first = Array(repeating: 0, count: Self.orderCount)
    self.next = next
    self.previous = previous
    self.state = state
  }

  /// A block of 2^order pages, the smallest that is large enough being split for it; 0 for none.
  mutating func take(_ order: Int) -> Int {
    guard let found = (order..<Self.orderCount).first(where: { first[$0] != 0 }) else { return 0 }
    let page = Int(first[found])
    remove(page, found)
    for half in (order..<found).reversed() { insert(page + (1 << half), half) }
    return page
  }

  /// A block is free, and one with its other half where that is.
  mutating func add(_ page: Int, order: Int) {
    var page = page
    var order = order
    while order < Self.orderCount - 1 {
      let other = page ^ (1 << order)
      guard other < state.capacity, Int(state[other]) == order + 1 else { break }
      remove(other, order)
      page = min(page, other)
      order += 1
    }
    insert(page, order)
  }

  /// All of these are free.
  mutating func add(pages: Range<Int>) {
    var page = pages.lowerBound
    while page < pages.upperBound {
      let largest = Int.bitWidth - 1 - (pages.upperBound - page).leadingZeroBitCount
      let order = min(page.trailingZeroBitCount, largest)
      add(page, order: order)
      page += 1 << order
    }
  }

  private mutating func insert(_ page: Int, _ order: Int) {
    let old = first[order]
    state[page] = UInt8(order + 1)
    next[page] = old
    previous[page] = 0
    if old != 0 { previous[Int(old)] = UInt32(page) }
    first[order] = UInt32(page)
  }

  private mutating func remove(_ page: Int, _ order: Int) {
    let (before, after) = (previous[page], next[page])
    state[page] = 0
    if before == 0 { first[order] = after } else { next[Int(before)] = after }
    if after != 0 { previous[Int(after)] = before }
  }
}
