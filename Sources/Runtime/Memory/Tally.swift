// How many clients all workers of the host have, in all and of one address. This worker counts its
// own in its cell (OwnCell) and adds what the cells of the others say (SiblingCell); so a worker
// that dies takes exactly its own clients out of the count. Of the shared file only this worker's
// cell is mapped writable, and the rest through a descriptor that was opened for reading: a handler
// that writes there by mistake dies of it, and no call makes that memory writable again.

internal import CKernel
internal import Control
internal import Kernel

@safe struct Tally: ~Copyable {
  private let layout: TallyLayout
  private let mine: Int
  /// More than this no worker can have, whatever its cell says.
  private let capacity: Int
  private let hash: AddressHash
  /// All of the file, read-only.
  private let view: Mapping
  private var own: OwnCell
  // SAFETY: `view`'s first byte; the layout's offsets lie inside it.
  private let base: UnsafeRawPointer

  /// Shares the file of a host; this worker is the only one that writes `cell`. Each worker can
  /// have `capacity` connections at most. Afterwards `fd` is not needed any more.
  init(fd: Int32, layout: TallyLayout, cell: Int, capacity: Int) throws(SystemError) {
    precondition((0..<layout.cellCount).contains(cell), "BUG: a cell outside of the tally")
    // A mapping through a descriptor that was opened for reading stays read-only. This process is
    // still the user that made the file.
    let readOnly = try Files.openReading("/proc/self/fd/\(fd)")
    let view = try Mapping(sharing: readOnly.rawValue, byteCount: layout.byteCount, writable: false)
    let own = try Mapping(
      sharing: fd, at: layout.offset(ofCell: cell), byteCount: layout.cellByteCount, writable: true)
    try own.keepFromChildren()
    try self.init(view, own, layout: layout, cell: cell, capacity: capacity)
  }

  /// For a worker that is alone.
  init(addressCapacity: Int) throws(SystemError) {
    let layout = TallyLayout(cellCount: 1, addressCapacity: addressCapacity)
    // Its header is all zero: nobody has a cell there.
    let view = try Mapping(anonymous: TallyLayout.pageByteCount)
    let own = try Mapping(anonymous: layout.cellByteCount)
    try self.init(view, own, layout: layout, cell: 0, capacity: 0)
  }

  private init(
    _ view: consuming Mapping, _ own: consuming Mapping, layout: TallyLayout, cell: Int,
    capacity: Int
  ) throws(SystemError) {
    unsafe base = UnsafeRawPointer(view.bytes.baseAddress!)
    // Read once: whoever counts an address must find it again.
    hash = unsafe AddressHash(
      seed: ck_load_u64(base + TallyLayout.seedOffset), entryCount: layout.entryCount)
    self.own = try OwnCell(own, hash: hash)
    self.view = view
    self.layout = layout
    self.capacity = capacity
    mine = cell
  }

  /// Counts one more connection, unless that makes more than `limit` in all.
  mutating func enter(limit: Int) -> Bool {
    // Counted before it is summed up: of two workers that take the last place at the same time,
    // none may miss the other.
    own.enter()
    if total <= limit { return true }
    own.leave()
    return false
  }

  /// One of those that were counted has gone.
  mutating func leave() { own.leave() }

  /// Connections in all workers.
  var total: Int {
    own.repairConnections()
    var total = own.connections
    for index in 0..<cellsInUse where index != mine {
      total += min(sibling(index).connections, capacity)
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
  mutating func enter(_ key: UInt64, limit: Int) -> Bool {
    var total = own.enter(key)
    for index in 0..<cellsInUse where index != mine {
      total += min(sibling(index).count(of: key, hash), capacity)
    }
    if total <= limit { return true }
    own.leave(key)
    return false
  }

  /// One of an address's connections has gone.
  mutating func leave(_ key: UInt64) { own.leave(key) }

  // MARK: Others

  /// How many cells have an owner, or had one. Only the supervisor writes it.
  private var cellsInUse: Int {
    min(unsafe Int(ck_load_u32(base + TallyLayout.cellsInUseOffset)), layout.cellCount)
  }

  private func sibling(_ index: Int) -> SiblingCell {
    unsafe SiblingCell(base + layout.offset(ofCell: index))
  }
}
