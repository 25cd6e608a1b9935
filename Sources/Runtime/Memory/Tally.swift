// How many clients all workers of the host have, in all and of one address. This worker writes its
// own cell of the shared file and sums over everybody's; so a worker that dies takes exactly its
// own clients out of the count. The table of addresses is open addressing with linear probing, at
// most half full (Knuth, TAOCP 3, 6.4, algorithms L and R); a sequence number that is odd while it
// changes lets the others read it consistently, and they never wait for a writer that has died.

internal import CKernel
internal import Control
internal import Kernel

@safe struct Tally: ~Copyable {
  /// At the start of the file; the supervisor writes it.
  private struct Header {
    var cellsInUse: UInt32
    var reserved: UInt32
    var seed: UInt64
  }

  /// At the start of a cell; its table follows a page later.
  private struct Cell {
    var connections: UInt32
    /// Odd while the table changes.
    var sequence: UInt32
  }

  private struct Entry {
    var key: UInt64
    /// 0 while the entry is free.
    var count: UInt32
    var reserved: UInt32
  }

  private let mapping: Mapping
  private let layout: TallyLayout
  private let mine: Int
  private let mask: Int
  // SAFETY: `mapping`'s first byte; the layout's offsets lie inside it.
  private let base: UnsafeMutableRawPointer

  /// Shares the file of a host; this worker is the only one that writes `cell`.
  init(fd: Int32, layout: TallyLayout, cell: Int) throws(SystemError) {
    mapping = try Mapping(sharing: fd, byteCount: layout.byteCount, writable: true)
    self.layout = layout
    mine = cell
    mask = layout.entryCount - 1
    unsafe base = mapping.bytes.baseAddress!
  }

  /// For a worker that is alone.
  init(addressCapacity: Int) throws(SystemError) {
    layout = TallyLayout(cellCount: 1, addressCapacity: addressCapacity)
    mapping = try Mapping(anonymous: layout.byteCount)
    mine = 0
    mask = layout.entryCount - 1
    unsafe base = mapping.bytes.baseAddress!
    unsafe header.pointee.cellsInUse = 1
  }

  private var header: UnsafeMutablePointer<Header> {
    unsafe base.assumingMemoryBound(to: Header.self)
  }

  private func cell(_ index: Int) -> UnsafeMutablePointer<Cell> {
    unsafe (base + layout.offset(ofCell: index)).assumingMemoryBound(to: Cell.self)
  }

  private func table(_ index: Int) -> UnsafeMutablePointer<Entry> {
    unsafe (base + layout.offset(ofCell: index) + TallyLayout.pageByteCount)
      .assumingMemoryBound(to: Entry.self)
  }

  private var cells: Int { min(unsafe Int(header.pointee.cellsInUse), layout.cellCount) }

  /// Counts one more connection, unless that makes more than `limit` in all.
  func enter(limit: Int) -> Bool {
    // Counted before it is summed up: of two workers that take the last place at the same time,
    // none may miss the other.
    _ = unsafe ck_add_u32(&cell(mine).pointee.connections, 1)
    if total <= limit { return true }
    leave()
    return false
  }

  /// One of those that were counted has gone.
  func leave() { _ = unsafe ck_add_u32(&cell(mine).pointee.connections, UInt32.max) }

  /// Connections in all workers.
  var total: Int {
    var total = 0
    for index in 0..<cells {
      total += Int(unsafe ck_load_u32(&cell(index).pointee.connections))
    }
    return total
  }

  // MARK: Addresses

  /// What connections are counted by: an IPv4 address, or the /64 that an IPv6 address is in.
  static func key(of peer: Endpoint) -> UInt64 {
    let bytes = peer.address
    let high =
      UInt64(bytes.0) << 56 | UInt64(bytes.1) << 48 | UInt64(bytes.2) << 40
      | UInt64(bytes.3) << 32 | UInt64(bytes.4) << 24 | UInt64(bytes.5) << 16
      | UInt64(bytes.6) << 8 | UInt64(bytes.7)
    // 8000::/16 is nobody's, so it can stand for IPv4.
    return peer.family == 4 ? 0x8000 << 48 | high >> 32 : high
  }

  /// Counts one more connection of an address, unless that makes more than `limit` in all.
  func enter(_ key: UInt64, limit: Int) -> Bool {
    change(key, by: 1)
    var total = 0
    for index in 0..<cells { total += index == mine ? find(key, in: mine) : read(key, in: index) }
    if total <= limit { return true }
    change(key, by: -1)
    return false
  }

  /// One of an address's connections has gone.
  func leave(_ key: UInt64) { change(key, by: -1) }

  private func home(_ key: UInt64) -> Int {
    // SplitMix64's last step, seeded, so that nobody outside can choose addresses that collide.
    var mixed = unsafe key ^ header.pointee.seed
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: mixed ^ mixed >> 31) & mask
  }

  private func find(_ key: UInt64, in index: Int) -> Int {
    let table = unsafe table(index)
    var place = home(key)
    // Bounded, since a cell that is not ours may hold anything.
    for _ in 0...mask {
      let entry = unsafe table[place]
      if entry.count == 0 { return 0 }
      if entry.key == key { return Int(entry.count) }
      place = (place + 1) & mask
    }
    return 0
  }

  /// Reads another worker's count while it may be changing.
  private func read(_ key: UInt64, in index: Int) -> Int {
    let other = unsafe cell(index)
    for _ in 0..<1000 {
      let before = unsafe ck_load_u32(&other.pointee.sequence)
      guard before & 1 == 0 else { continue }
      let count = find(key, in: index)
      if unsafe ck_load_u32(&other.pointee.sequence) == before { return count }
    }
    // Its writer died in the middle of a change; the supervisor is about to wipe the cell.
    return find(key, in: index)
  }

  private func change(_ key: UInt64, by step: Int) {
    let own = unsafe cell(mine)
    _ = unsafe ck_add_u32(&own.pointee.sequence, 1)
    defer { _ = unsafe ck_add_u32(&own.pointee.sequence, 1) }
    let table = unsafe table(mine)
    var place = home(key)
    while unsafe table[place].count != 0, unsafe table[place].key != key {
      place = (place + 1) & mask
    }
    unsafe table[place].key = key
    let count = unsafe Int(table[place].count) + step
    precondition(count >= 0, "BUG: an address left more often than it came")
    unsafe table[place].count = UInt32(count)
    if count == 0 { unsafe closeGap(place, in: table) }
  }

  /// Moves later entries of the same run up, so that none is cut off from its home.
  private func closeGap(_ start: Int, in table: UnsafeMutablePointer<Entry>) {
    var gap = start
    var place = (gap + 1) & mask
    while unsafe table[place].count != 0 {
      let distance = unsafe (place - home(table[place].key)) & mask
      if distance >= (place - gap) & mask {
        unsafe table[gap] = table[place]
        unsafe table[place].count = 0
        gap = place
      }
      place = (place + 1) & mask
    }
  }
}
