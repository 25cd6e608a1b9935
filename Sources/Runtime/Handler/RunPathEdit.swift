// A plugin is loaded from a copy of its file, so the loader does not know where it came from:
// neither the plugin's folder nor what `$ORIGIN` means. A plugin that needs libraries of its own is
// therefore given a run path (DT_RPATH, see ld.so(8)) with everything spelled out, in a copy once
// more; all else is then the loader's own work: versions, scopes, what libraries need themselves.
// For that the last segment of the file moves to its end, where it has room for a longer table of
// names. The format is that of the System V ABI (gABI, chapters 4 and 5). Pure; no input traps.

internal import Kernel

/// What must be written to give a shared library another run path.
struct RunPathEdit: Equatable {
  struct Write: Equatable {
    let offset: Int
    let bytes: [UInt8]
  }

  /// Of the new file.
  let byteCount: Int
  /// Bytes of the old file, all of which come first, that come once more.
  let moved: Range<Int>
  /// Where to.
  let destination: Int
  /// On top of that.
  let writes: [Write]

  /// Zeros that become bytes of the file: data that has no first value.
  private static let zerosLimit: UInt64 = 16 << 20
  private static let namesLimit: UInt64 = 64 << 20
  /// More than any address or offset of a file of 1 GiB.
  private static let addressLimit: UInt64 = 1 << 44

  private enum Tag {
    static let null: UInt64 = 0
    static let names: UInt64 = 5
    static let namesByteCount: UInt64 = 10
    static let runPath: UInt64 = 15
    static let debug: UInt64 = 21
    static let laterRunPath: UInt64 = 29
    /// A hint for the loader, and no more.
    static let relativeCount: UInt64 = 0x6fff_fff9
  }

  private struct Segment {
    let header: UInt64
    let offset, address, fileCount, memoryCount, alignment: UInt64

    func place(_ address: UInt64) -> UInt64? {
      guard address >= self.address, address - self.address < fileCount else { return nil }
      return offset + (address - self.address)
    }
  }

  /// nil when the file has not the form that linkers give it.
  init?(_ file: RawSpan, runPath: String) {
    guard let headers = file.u64(32), let size = file.u16(54), let count = file.u16(56),
      headers < Self.addressLimit
    else { return nil }
    var loads: [Segment] = []
    var dynamic: (header: UInt64, address: UInt64, byteCount: UInt64)?
    for index in 0..<UInt64(count) {
      let at = headers + index * UInt64(size)
      guard let kind = file.u32(at), let offset = file.u64(at + 8), let address = file.u64(at + 16),
        let fileCount = file.u64(at + 32), let memoryCount = file.u64(at + 40),
        let alignment = file.u64(at + 48)
      else { return nil }
      for number in [offset, address, fileCount, memoryCount, alignment]
      where number >= Self.addressLimit { return nil }
      if kind == 1 {
        loads.append(
          Segment(
            header: at, offset: offset, address: address, fileCount: fileCount,
            memoryCount: memoryCount, alignment: max(alignment, 4096)))
      }
      if kind == 2 { dynamic = (at, address, min(fileCount, 1 << 16)) }
    }
    let end = UInt64(file.byteCount)
    guard let last = loads.last, let dynamic,
      loads.allSatisfy({ $0.address <= last.address }),
      last.alignment & (last.alignment - 1) == 0, last.alignment <= 1 << 21,
      last.fileCount <= last.memoryCount,
      last.memoryCount - last.fileCount <= Self.zerosLimit, last.offset + last.fileCount <= end
    else { return nil }
    func oldPlace(_ address: UInt64) -> UInt64? {
      loads.lazy.compactMap { $0.place(address) }.first
    }
    guard let table = oldPlace(dynamic.address) else { return nil }

    // Congruent, as the loader wants it: offset and address modulo the alignment.
    let aligned = (end + last.alignment - 1) & ~(last.alignment - 1)
    let destination = aligned + (last.address & (last.alignment - 1))
    let moved = Segment(
      header: last.header, offset: destination, address: last.address, fileCount: last.fileCount,
      memoryCount: last.memoryCount, alignment: last.alignment)

    // The names, once more, with the run path behind them.
    guard
      let entries = Self.entries(file, at: table, count: dynamic.byteCount / 16),
      let names = entries.first(where: { $0.tag == Tag.names }),
      let namesCount = entries.first(where: { $0.tag == Tag.namesByteCount })?.value,
      namesCount <= Self.namesLimit, let oldNames = oldPlace(names.value),
      let bytes = file.bytes(oldNames, count: namesCount),
      let slots = Self.slots(for: entries)
    else { return nil }
    let newNames = bytes + Array(runPath.utf8) + [0]
    let namesAddress = (last.address + last.memoryCount + 15) & ~15
    let newCount = namesAddress - last.address + UInt64(newNames.count)

    let newTable = moved.place(dynamic.address) ?? table
    let tableCount = UInt64(entries.count) * 16
    guard newTable < destination || newTable + tableCount <= destination + last.fileCount else {
      return nil
    }

    var writes: [Write] = []
    func write(_ number: UInt64, at offset: UInt64) {
      writes.append(
        Write(
          offset: Int(offset),
          bytes: (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }))
    }
    write(destination, at: last.header + 8)
    write(newTable, at: dynamic.header + 8)
    write(newCount, at: last.header + 32)
    write(newCount, at: last.header + 40)
    for (index, entry) in entries.enumerated() {
      let at = newTable + UInt64(index) * 16
      if entry.tag == Tag.names { write(namesAddress, at: at + 8) }
      if entry.tag == Tag.namesByteCount { write(UInt64(newNames.count), at: at + 8) }
      if slots.contains(index) {
        write(Tag.runPath, at: at)
        write(namesCount, at: at + 8)
      }
    }
    let namesOffset = destination + (namesAddress - last.address)
    writes.append(Write(offset: Int(namesOffset), bytes: newNames))
    byteCount = Int(namesOffset) + newNames.count
    self.moved = Int(last.offset)..<Int(last.offset + last.fileCount)
    self.destination = Int(destination)
    self.writes = writes
  }

  /// Makes the new file from the old one. `new` has `byteCount` bytes, all zero.
  func apply(to new: UnsafeMutableRawBufferPointer, from old: UnsafeRawBufferPointer) {
    // SAFETY: `init` has seen to it that all of these ranges lie in the two files, and slices of
    // buffers check it again.
    unsafe new.copyMemory(from: old)
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: new[destination...])
    unsafe rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: old[moved]))
    for write in writes {
      let place = unsafe UnsafeMutableRawBufferPointer(rebasing: new[write.offset...])
      unsafe write.bytes.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
    }
  }

  private typealias Entry = (tag: UInt64, value: UInt64)

  /// Those of the dynamic section with what is behind its end.
  private static func entries(_ file: RawSpan, at start: UInt64, count: UInt64) -> [Entry]? {
    var entries: [Entry] = []
    for index in 0..<count {
      guard let tag = file.u64(start + index * 16), let value = file.u64(start + index * 16 + 8)
      else { return nil }
      entries.append((tag, value))
    }
    return entries
  }

  /// The entries that become the run path: those that it has, or one that nobody misses.
  private static func slots(for entries: [Entry]) -> [Int]? {
    guard let end = entries.firstIndex(where: { $0.tag == Tag.null }) else { return nil }
    func places(_ tag: UInt64) -> [Int] { (0..<end).filter { entries[$0].tag == tag } }
    let own = places(Tag.runPath) + places(Tag.laterRunPath)
    if !own.isEmpty { return own }
    // Linkers leave room behind the end; one entry must go on ending it.
    if end + 1 < entries.count, entries[end + 1].tag == Tag.null { return [end] }
    return (places(Tag.debug) + places(Tag.relativeCount)).first.map { [$0] }
  }
}

extension RawSpan {
  /// nil outside the file.
  fileprivate func bytes(_ at: UInt64, count: UInt64) -> [UInt8]? {
    guard at <= UInt64(byteCount), count <= UInt64(byteCount) - at else { return nil }
    return (0..<count).map { u8(at + $0) ?? 0 }
  }
}
