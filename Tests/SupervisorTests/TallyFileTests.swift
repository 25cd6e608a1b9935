// Promise: what a worker counted is over when it has ended, and its cell is another one's then.

import Control
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct TallyFileTests {
  private let layout = TallyLayout(cellCount: 3, addressCapacity: 5)

  private func bytes(of tally: Tally) throws -> [UInt8] {
    try Mapping(sharing: tally.descriptor, byteCount: layout.byteCount, writable: false).copyBytes()
  }

  private func cellsInUse(_ tally: Tally) throws -> UInt32 {
    try bytes(of: tally)[0..<4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  @Test("The header says how many cells were ever used, and has the seed")
  func header() throws {
    let tally = try Tally(layout, seed: 0x1122_3344_5566_7788)
    #expect(try cellsInUse(tally) == 0)
    #expect(tally.takeCell() == 0)
    #expect(tally.takeCell() == 1)
    #expect(try cellsInUse(tally) == 2)
    #expect(try bytes(of: tally)[8..<16] == [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])
  }

  @Test("The lowest free cell is taken, none when all have an owner")
  func cells() throws {
    let tally = try Tally(layout, seed: 1)
    for cell in 0..<3 { #expect(tally.takeCell() == UInt32(cell)) }
    #expect(tally.takeCell() == nil)
    try tally.giveBack(1)
    #expect(tally.takeCell() == 1)
    #expect(tally.takeCell() == nil)
    #expect(try cellsInUse(tally) == 3)
  }

  @Test("A cell that is given back is wiped from end to end, and no other one is")
  func wiping() throws {
    let tally = try Tally(layout, seed: .max)
    for _ in 0..<3 { _ = tally.takeCell() }
    let map = try Mapping(sharing: tally.descriptor, byteCount: layout.byteCount, writable: true)
    for offset in stride(from: TallyLayout.pageByteCount, to: layout.byteCount, by: 4) {
      map.store(UInt32.max, at: offset)
    }
    try tally.giveBack(1)
    let bytes = try bytes(of: tally)
    let cell = layout.offset(ofCell: 1)..<layout.offset(ofCell: 2)
    #expect(bytes[cell].allSatisfy { $0 == 0 })
    #expect(bytes[8..<16].allSatisfy { $0 == 0xFF })
    #expect(bytes[TallyLayout.pageByteCount..<cell.lowerBound].allSatisfy { $0 == 0xFF })
    #expect(bytes[cell.upperBound...].allSatisfy { $0 == 0xFF })
  }
}
