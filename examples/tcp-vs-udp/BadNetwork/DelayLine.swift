// Packets on their way: what is due first comes out first, and of two that are due at the same
// moment the one that went in first.

/// A queue ordered by time.
public struct DelayLine<Element> {
  private struct Entry {
    var due: UInt64
    var serial: UInt64
    var element: Element

    func isBefore(_ other: Entry) -> Bool { (due, serial) < (other.due, other.serial) }
  }

  // A binary heap: each entry is before both of those at twice its place.
  private var heap: [Entry] = []
  private var serial: UInt64 = 0

  /// Nothing is on its way.
  public init() {}

  /// How many there are.
  public var count: Int { heap.count }

  /// When the next is due; nil when there is none.
  public var nextDue: UInt64? { heap.first?.due }

  /// Lets an element come out at `due` or later.
  public mutating func insert(_ element: Element, due: UInt64) {
    heap.append(Entry(due: due, serial: serial, element: element))
    serial += 1
    var place = heap.count - 1
    while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  /// The next that is due at `now`; nil when none is.
  public mutating func next(at now: UInt64) -> Element? {
    guard let first = heap.first, first.due <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      if least == place { return first.element }
      heap.swapAt(place, least)
      place = least
    }
  }
}
