// What this worker counts. It keeps the truth in memory of its own and a copy in its cell of the
// tally, for the others; it decides nothing by the copy. So a handler that writes into the cell
// changes what others read, until this worker next counts what was changed: it sees that the copy
// is not as it left it, and writes all of it anew.
//
// The table of addresses is open addressing with linear probing, at most half full (Knuth, TAOCP 3,
// 6.4, algorithms L and R); a sequence number that is odd while it changes lets the others read it
// consistently, and they never wait for a writer that has died.

internal import CKernel
internal import Control
internal import Kernel

/// This worker's counts, and its cell.
@safe struct OwnCell: ~Copyable {
  private struct Entry: BitwiseCopyable, Equatable {
    var key: UInt64
    /// 0 while the entry is free.
    var count: UInt64
  }

  private let table: FlatTable<Entry>
  private let hash: AddressHash
  /// Of its connections, those that count for all workers.
  private(set) var connections = 0
  private var sequence: UInt32 = 0
  private let mapping: Mapping
  // SAFETY: `mapping`'s first byte, which is the cell's; every offset below lies inside it.
  private let base: UnsafeMutableRawPointer

  /// `mapping` is the cell, writable.
  init(_ mapping: consuming Mapping, hash: AddressHash) throws(SystemError) {
    table = try FlatTable(capacity: hash.entryCount)
    self.hash = hash
    unsafe base = mapping.bytes.baseAddress!
    self.mapping = mapping
  }

  /// Counts a connection. The others see it before this worker reads anything of theirs.
  mutating func enter() {
    connections += 1
    publishConnections()
  }

  mutating func leave() {
    precondition(connections > 0, "BUG: a connection left that had not been counted")
    connections -= 1
    publishConnections()
  }

  /// Writes the number of connections anew if something else stands there.
  func repairConnections() {
    if unsafe ck_load_u32(base + TallyLayout.connectionsOffset) != UInt32(clamping: connections) {
      publishConnections()
    }
  }

  private func publishConnections() {
    unsafe ck_publish_u32(
      base + TallyLayout.connectionsOffset, UInt32(clamping: connections))
  }

  // MARK: Addresses

  /// Counts a connection of an address; how many that address has in this worker.
  mutating func enter(_ key: UInt64) -> Int {
    let place = place(of: key)
    let entry = Entry(key: key, count: table[place].count + 1)
    change { cell in cell.put(entry, at: place) }
    return Int(entry.count)
  }

  mutating func leave(_ key: UInt64) {
    let place = place(of: key)
    let count = table[place].count
    precondition(count > 0, "BUG: an address left more often than it came")
    change { cell in
      let isWhole = cell.put(Entry(key: key, count: count - 1), at: place)
      return count == 1 ? cell.closeGap(place) && isWhole : isWhole
    }
  }

  /// Where an address is counted, or would be.
  private func place(of key: UInt64) -> Int {
    var place = hash.home(key)
    for _ in 0..<hash.entryCount {
      if table[place].count == 0 || table[place].key == key { return place }
      place = hash.next(place)
    }
    preconditionFailure("BUG: the table of addresses is full")
  }

  /// Changes the table while others may read it. `body` says whether the copy was as it should be.
  private mutating func change(_ body: (borrowing OwnCell) -> Bool) {
    sequence &+= 1
    unsafe ck_publish_u32(base + TallyLayout.sequenceOffset, sequence)
    if !body(self) { copyTable() }
    sequence &+= 1
    unsafe ck_publish_u32(base + TallyLayout.sequenceOffset, sequence)
  }

  /// Moves later entries of the same run up, so that none is cut off from its home. False when the
  /// copy was not as it should be.
  private func closeGap(_ start: Int) -> Bool {
    var isWhole = true
    var gap = start
    var place = hash.next(gap)
    while table[place].count != 0 {
      let entry = table[place]
      let distance = hash.distance(from: hash.home(entry.key), to: place)
      if distance >= hash.distance(from: gap, to: place) {
        if !put(entry, at: gap) { isWhole = false }
        if !put(Entry(key: entry.key, count: 0), at: place) { isWhole = false }
        gap = place
      }
      place = hash.next(place)
    }
    return isWhole
  }

  /// Stores an entry in the table and in the copy. False when the copy was not as it should be.
  private func put(_ entry: Entry, at place: Int) -> Bool {
    let isWhole = copy(at: place) == table[place]
    table[place] = entry
    setCopy(entry, at: place)
    return isWhole
  }

  private func copyTable() {
    for place in 0..<hash.entryCount where copy(at: place) != table[place] {
      setCopy(table[place], at: place)
    }
  }

  private func address(of place: Int) -> UnsafeMutableRawPointer {
    unsafe base + TallyLayout.pageByteCount + place * TallyLayout.entryByteCount
  }

  private func copy(at place: Int) -> Entry {
    let entry = unsafe address(of: place)
    return unsafe Entry(
      key: ck_load_u64(entry + TallyLayout.keyOffset),
      count: ck_load_u64(entry + TallyLayout.countOffset))
  }

  private func setCopy(_ entry: Entry, at place: Int) {
    let copy = unsafe address(of: place)
    unsafe ck_store_u64(copy + TallyLayout.keyOffset, entry.key)
    unsafe ck_store_u64(copy + TallyLayout.countOffset, entry.count)
  }
}
