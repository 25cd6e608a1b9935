// Expected answers as a row of cells, one for each byte or wildcard. Shared by all who match them.

/// What a byte is compared with.
struct MatchCell: Equatable, Sendable {
  private let value: UInt16

  static let any = MatchCell(value: 256)
  static let run = MatchCell(value: 257)

  private init(value: UInt16) { self.value = value }
  init(_ byte: UInt8) { value = UInt16(byte) }

  /// A run takes bytes too, but stays.
  var isRun: Bool { value == 257 }
  func takes(_ byte: UInt8) -> Bool { value == UInt16(byte) || value == 256 }
  /// Nil for wildcards.
  var byte: UInt8? { UInt8(exactly: value) }
}

/// Blocks, laid behind each other.
struct MatchScript: Sendable {
  private(set) var cells: [MatchCell] = []
  /// Where each block ends.
  private(set) var ends: [Int] = []
  /// Of the transcript, of each block.
  private(set) var lines: [Int] = []

  init(_ blocks: [TranscriptMatcher.Block]) {
    for block in blocks {
      for pattern in block.patterns {
        switch pattern {
        case .bytes(let bytes): cells += bytes.lazy.map { MatchCell($0) }
        case .any(let count): cells += repeatElement(.any, count: count)
        case .anyRun: cells.append(.run)
        }
      }
      ends.append(cells.count)
      lines.append(block.line)
    }
  }

  /// Puts a place into a set; one that is a run leaves only itself and what follows.
  func enter(_ place: Int, _ places: inout [Int], _ run: inout Int?) {
    var place = place
    while place < cells.count, cells[place].isRun {
      run = place
      place += 1
      places.removeAll(keepingCapacity: true)
    }
    places.append(place)
  }

  /// Where a block begins.
  func start(of block: Int) -> Int { block == 0 ? 0 : ends[block - 1] }

  /// The first block that is not over at a place; nil behind the last.
  func block(at place: Int) -> Int? {
    // Ends ascend; many blocks are common in long transcripts, and reports are rare.
    ends.firstIndex { $0 > place }
  }
}
