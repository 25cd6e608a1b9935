// Looks a symbol up in an ELF file without loading it, so that `list` can pass over the many
// libraries that are no plugins. Pure; every offset in the file is hostile until it has been
// checked.

/// The dynamic symbols of a 64-bit little-endian ELF file.
package struct SharedObject {
  private let bytes: [UInt8]
  private let sectionOffset: Int
  private let sectionSize: Int
  private let sectionCount: Int

  private static let dynamicSymbols: UInt32 = 11  // SHT_DYNSYM
  private static let symbolSize = 24

  /// nil for anything but such a file with section headers.
  package init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard bytes.count >= 64,
      bytes.number(at: 0, as: UInt32.self) == 0x464C_457F,  // 0x7F "ELF"
      bytes.number(at: 4, as: UInt16.self) == 0x0102,  // 64 bits, little-endian
      let offset = bytes.number(at: 0x28, as: UInt64.self), let start = Int(exactly: offset),
      let size = bytes.number(at: 0x3A, as: UInt16.self), size >= 64,
      let count = bytes.number(at: 0x3C, as: UInt16.self), start > 0, count > 0
    else { return nil }
    sectionOffset = start
    sectionSize = Int(size)
    sectionCount = Int(count)
  }

  /// Is there a defined, global or weak symbol of that name? nil when the tables make no sense.
  package func exports(_ name: String) -> Bool? {
    guard let symbols = section(ofType: Self.dynamicSymbols),
      let names = section(at: symbols.link)
    else { return nil }
    let wanted = Array(name.utf8) + [0]
    for index in 0..<(symbols.size / Self.symbolSize) {
      let at = symbols.offset + index * Self.symbolSize
      guard let nameOffset = bytes.number(at: at, as: UInt32.self),
        let info = bytes.number(at: at + 4, as: UInt8.self),
        let definedIn = bytes.number(at: at + 6, as: UInt16.self)
      else { return nil }
      let isVisible = info >> 4 == 1 || info >> 4 == 2
      guard isVisible, definedIn != 0, Int(nameOffset) + wanted.count <= names.size else {
        continue
      }
      if matches(wanted, at: names.offset + Int(nameOffset)) { return true }
    }
    return false
  }

  private struct Section {
    var offset: Int
    var size: Int
    var link: Int
  }

  private func section(ofType type: UInt32) -> Section? {
    for index in 0..<sectionCount {
      let at = sectionOffset.addingReportingOverflow(index * sectionSize + 4)
      guard !at.overflow else { return nil }
      if bytes.number(at: at.partialValue, as: UInt32.self) == type { return section(at: index) }
    }
    return nil
  }

  /// A section that lies inside the file.
  private func section(at index: Int) -> Section? {
    let at = sectionOffset.addingReportingOverflow(index * sectionSize)
    guard !at.overflow, index < sectionCount,
      let offset = bytes.number(at: at.partialValue + 0x18, as: UInt64.self),
      let size = bytes.number(at: at.partialValue + 0x20, as: UInt64.self),
      let link = bytes.number(at: at.partialValue + 0x28, as: UInt32.self),
      offset <= UInt64(bytes.count), size <= UInt64(bytes.count) - offset
    else { return nil }
    return Section(offset: Int(offset), size: Int(size), link: Int(link))
  }

  private func matches(_ wanted: [UInt8], at offset: Int) -> Bool {
    for (index, byte) in wanted.enumerated()
    where bytes.number(at: offset + index, as: UInt8.self) != byte { return false }
    return true
  }
}

extension [UInt8] {
  /// A little-endian number, or nil when it does not lie inside.
  func number<Number: FixedWidthInteger & UnsignedInteger>(
    at offset: Int, as type: Number.Type
  ) -> Number? {
    let size = MemoryLayout<Number>.size
    guard offset >= 0, offset <= count - size else { return nil }
    var value: Number = 0
    for index in 0..<size {
      value |= Number(self[offset + index]) << Number(8 * index)
    }
    return value
  }
}
