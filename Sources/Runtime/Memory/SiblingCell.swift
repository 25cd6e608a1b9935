// What another worker counts, as its cell of the tally says (Control/TallyLayout). Its handler may
// have written anything there, and go on while this reads: every loop is bounded, no number from
// there is an index or may trap, and what makes no sense counts as whatever it says.

internal import CKernel
internal import Control

/// Where the table of a cell begins to look for an address.
struct AddressHash: BitwiseCopyable {
  let seed: UInt64
  private let mask: Int

  /// `entryCount` is a power of two, or 0 when no addresses are counted.
  init(seed: UInt64, entryCount: Int) {
    self.seed = seed
    mask = entryCount - 1
  }

  var entryCount: Int { mask + 1 }

  func home(_ key: UInt64) -> Int {
    // SplitMix64's last step, seeded, so that nobody outside can choose addresses that collide.
    var mixed = key ^ seed
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: mixed ^ mixed >> 31) & mask
  }

  func next(_ place: Int) -> Int { (place + 1) & mask }

  /// How far `place` lies behind `start`.
  func distance(from start: Int, to place: Int) -> Int { (place - start) & mask }
}

/// The cell of another worker.
@safe struct SiblingCell {
  /// In a table that is at most half full nobody is that far from home by chance: with 100,000
  /// addresses the farthest is some 20 to 60 entries away. What is farther a handler has written.
  static let longestRun = 1024
  /// A change of the table takes less time than that, unless its writer was interrupted or has
  /// died.
  private static let mostWaits = 1000
  /// A worker that changes its table again and again is not waited for.
  private static let mostReads = 4

  // SAFETY: the first byte of a cell in a mapping that the tally owns; it outlives this view, and
  // every offset below lies inside the cell.
  private let base: UnsafeRawPointer

  init(_ base: UnsafeRawPointer) { unsafe self.base = base }

  /// All of its connections.
  var connections: Int { unsafe Int(ck_load_u32(base + TallyLayout.connectionsOffset)) }

  /// Its connections of one address, read while it may be changing.
  func count(of key: UInt64, _ hash: AddressHash) -> Int {
    var waitsLeft = Self.mostWaits
    var count = 0
    for _ in 0..<Self.mostReads {
      var before = sequence
      while before & 1 != 0, waitsLeft > 0 {
        waitsLeft -= 1
        before = sequence
      }
      count = find(key, hash)
      ck_load_fence()
      // One that died in the middle of a change has its cell wiped soon.
      if before & 1 != 0 || sequence == before { break }
    }
    return count
  }

  /// Odd while its table changes.
  private var sequence: UInt32 { unsafe ck_load_u32(base + TallyLayout.sequenceOffset) }

  private func find(_ key: UInt64, _ hash: AddressHash) -> Int {
    let table = unsafe base + TallyLayout.pageByteCount
    var place = hash.home(key)
    for _ in 0..<min(hash.entryCount, Self.longestRun) {
      let entry = unsafe table + place * TallyLayout.entryByteCount
      let count = unsafe ck_load_u64(entry + TallyLayout.countOffset)
      if count == 0 { return 0 }
      if unsafe ck_load_u64(entry + TallyLayout.keyOffset) == key { return Int(clamping: count) }
      place = hash.next(place)
    }
    return 0
  }
}
