// Where the workers of one host count their clients, so that a limit may hold for all of them: one
// shared memory file, made by the supervisor for its life, with a cell for each worker process. A
// cell has one writer, its worker; everybody sums over all cells. So nothing is lost or left over
// when a worker dies, whatever it was doing: the supervisor wipes its cell, and that is all. Cells
// consist of whole pages, since a worker maps only its own one writable.
//
//   0       header, the supervisor's: how many cells have ever been in use (4 bytes); at 8 a seed
//           for the hash of addresses (8 bytes)
//   4096    cell 0: its connections (4 bytes), a number that is odd while its table changes (4
//           bytes); a page later the table, of addresses (8 bytes) and their counts (8 bytes)
//   …       cell 1, and so on

/// The layout of the tally; supervisor and workers compute the same one.
public struct TallyLayout: Equatable, Sendable {
  /// Worker processes that may be alive at the same time, draining ones too.
  public let cellCount: Int
  /// Different addresses that one worker can count; 0 when addresses are not counted.
  public let addressCapacity: Int

  /// The header's size, and what every cell is a multiple of.
  public static let pageByteCount = 4096
  /// An address and its count.
  public static let entryByteCount = 16

  /// In the header.
  public static let cellsInUseOffset = 0
  /// In the header.
  public static let seedOffset = 8
  /// In a cell.
  public static let connectionsOffset = 0
  /// In a cell.
  public static let sequenceOffset = 4
  /// In an entry.
  public static let keyOffset = 0
  /// In an entry.
  public static let countOffset = 8

  /// A layout for so many workers with so many addresses each.
  public init(cellCount: Int, addressCapacity: Int) {
    self.cellCount = cellCount
    self.addressCapacity = addressCapacity
  }

  /// Entries of one cell's table: a power of two, at most half full; 0 for none.
  public var entryCount: Int {
    guard addressCapacity > 0 else { return 0 }
    var count = 256
    while count < addressCapacity * 2 { count *= 2 }
    return count
  }

  /// One cell; memory is taken only for what is touched.
  public var cellByteCount: Int { Self.pageByteCount + entryCount * Self.entryByteCount }

  /// The memory file's size.
  public var byteCount: Int { Self.pageByteCount + cellCount * cellByteCount }

  /// Where a cell begins.
  public func offset(ofCell cell: Int) -> Int { Self.pageByteCount + cell * cellByteCount }
}
