// The memory in which workers count their clients (Control/TallyLayout): who has which cell, and
// that a cell is wiped once its worker has ended, however it did. Nothing in a cell is ever read
// here, since a plugin can write anywhere in it.

package import Control
package import Kernel

/// Owns the tally of one supervisor, for its life.
package final class Tally {
  package let layout: TallyLayout
  private let file: MemoryFile
  private let header: Mapping
  private var isTaken: [Bool]
  /// One more than the highest cell that was ever in use: workers look no further.
  private var usedCount = 0

  /// An empty tally. The seed makes it impossible to foresee where an address is counted.
  package init(_ layout: TallyLayout, seed: UInt64) throws(StartFailure) {
    self.layout = layout
    isTaken = Array(repeating: false, count: layout.cellCount)
    do throws(SystemError) {
      file = try MemoryFile(name: "portico tally", byteCount: layout.byteCount)
      header = try Mapping(
        sharing: file.descriptor.rawValue, byteCount: TallyLayout.pageByteCount, writable: true)
    } catch {
      throw StartFailure("there is no memory to count clients in: \(error)")
    }
    header.store(seed, at: TallyLayout.seedOffset)
  }

  /// What workers inherit.
  package var descriptor: Int32 { file.descriptor.rawValue }

  /// A cell for a worker that is about to start, or nil when all have an owner that lives.
  package func takeCell() -> UInt32? {
    guard let cell = isTaken.firstIndex(of: false) else { return nil }
    isTaken[cell] = true
    if cell >= usedCount {
      usedCount = cell + 1
      header.store(UInt32(usedCount), at: TallyLayout.cellsInUseOffset)
    }
    return UInt32(cell)
  }

  /// Its worker has been waited for: nothing writes there any more, and what it counted is over.
  package func giveBack(_ cell: UInt32) throws(SystemError) {
    precondition(isTaken[Int(cell)], "BUG: a cell is given back that nobody had")
    // A cell that cannot be wiped is never used again: its clients would be counted twice.
    try file.wipe(offset: layout.offset(ofCell: Int(cell)), byteCount: layout.cellByteCount)
    isTaken[Int(cell)] = false
  }
}
