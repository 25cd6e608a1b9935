// The file that all workers of a host count in, as the supervisor makes it, and what a handler that
// runs wild makes of it.

internal import Control
internal import Kernel

@testable import Runtime

/// A file with all cells in use.
final class TallyHost {
  let file: MemoryFile
  let layout: TallyLayout
  private let mapping: Mapping
  /// Connections that a worker can have.
  static let capacity = 1000

  init(workers: Int, addresses: Int, seed: UInt64 = 0x9E37_79B9_7F4A_7C15) throws {
    layout = TallyLayout(cellCount: workers, addressCapacity: addresses)
    file = try MemoryFile(name: "test tally", byteCount: layout.byteCount)
    mapping = try Mapping(
      sharing: file.descriptor.rawValue, byteCount: layout.byteCount, writable: true)
    mapping.store(UInt32(workers), at: TallyLayout.cellsInUseOffset)
    mapping.store(seed, at: TallyLayout.seedOffset)
  }

  func worker(_ cell: Int) throws -> TallyMember {
    TallyMember(
      tally: Immortal(
        try Tally(
          fd: file.descriptor.rawValue, layout: layout, cell: cell, capacity: Self.capacity)))
  }

  /// What the supervisor does once a worker has ended.
  func wipe(_ cell: Int) throws {
    try file.wipe(offset: layout.offset(ofCell: cell), byteCount: layout.cellByteCount)
  }

  func store(_ number: UInt32, at offset: Int) { mapping.store(number, at: offset) }
  func store(_ number: UInt64, at offset: Int) { mapping.store(number, at: offset) }

  func cell(_ index: Int) -> [UInt8] {
    let start = layout.offset(ofCell: index)
    return unsafe Array(mapping.bytes[start..<start + layout.cellByteCount])
  }

  func fill(_ cell: Int, with byte: UInt8) {
    let start = layout.offset(ofCell: cell)
    for place in start..<start + layout.cellByteCount { unsafe mapping.bytes[place] = byte }
  }

  /// A table without a free entry, in which every address has `count` connections.
  func fillTable(_ cell: Int, count: UInt64) {
    let table = layout.offset(ofCell: cell) + TallyLayout.pageByteCount
    for entry in 0..<layout.entryCount {
      let place = table + entry * TallyLayout.entryByteCount
      mapping.store(UInt64(entry), at: place + TallyLayout.keyOffset)
      mapping.store(count, at: place + TallyLayout.countOffset)
    }
  }

  /// What a handler that runs wild may do to a cell.
  func damage(_ cell: Int, _ random: inout SplitMix64) {
    let start = layout.offset(ofCell: cell)
    switch random.below(7) {
    case 0: fill(cell, with: UInt8(random.below(256)))
    case 1: fillTable(cell, count: random.below(2) == 0 ? .max : UInt64(random.below(5)))
    case 2: store(UInt32(truncatingIfNeeded: random.next()), at: start)
    case 3: store(UInt32.max, at: start + TallyLayout.sequenceOffset)
    case 4:
      for _ in 0..<(layout.cellByteCount / 8) {
        store(random.next(), at: start + random.below(layout.cellByteCount / 8) * 8)
      }
    case 5:
      let place = start + TallyLayout.pageByteCount + random.below(layout.entryCount * 2) * 8
      store(UInt64(random.below(3)), at: place)
    case _: store(random.next(), at: start)
    }
  }
}

/// One worker's tally, copyable for the test's macros.
struct TallyMember {
  let tally: Immortal<Tally>
  var total: Int { tally.value.total }
  func enter(limit: Int) -> Bool { tally.value.enter(limit: limit) }
  func enter(_ key: UInt64, limit: Int) -> Bool { tally.value.enter(key, limit: limit) }
  func leave() { tally.value.leave() }
  func leave(_ key: UInt64) { tally.value.leave(key) }
}
