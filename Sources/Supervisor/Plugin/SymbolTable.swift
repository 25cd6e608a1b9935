// Which function of a 64-bit little-endian ELF file an address lies in, so that a crash has a name.
// The file is read piece by piece and never mapped. Pure but for what `read` does; every number in
// the file is hostile until it has been checked, and no file makes this read without end.

/// The functions of one file.
package struct SymbolTable {
  /// A function, and how far behind its beginning an address lies.
  package struct Place: Equatable, Sendable {
    package var function: String
    package var offset: UInt64
  }

  /// Bytes of the file from an offset on; fewer than asked for, or none, at its end.
  package typealias Read = (_ offset: Int, _ count: Int) -> [UInt8]

  private struct Section {
    var offset: Int
    var byteCount: Int
    /// The section that the names are in.
    var link: Int
  }

  /// A symbol that an address lies in.
  private struct Found {
    var start: UInt64
    var isSized: Bool
    var name: UInt32

    /// The innermost counts. What was written in assembler may not say how long it is: better than
    /// nothing.
    func isBetter(than other: Found) -> Bool {
      isSized == other.isSized ? start > other.start : isSized
    }
  }

  private static let sectionSize = 64
  private static let symbolSize = 24
  private static let symbolsPerRead = 2048
  /// Of a program larger than any plugin; what comes behind has no name.
  private static let mostSymbols = 1 << 20
  private static let longestName = 1024
  private static let allSymbols: UInt32 = 2  // SHT_SYMTAB
  private static let dynamicSymbols: UInt32 = 11  // SHT_DYNSYM
  private static let function: UInt8 = 2  // STT_FUNC
  private static let chosenFunction: UInt8 = 10  // STT_GNU_IFUNC

  private let symbols: Section
  private let names: Section

  /// Where they are: all of them, or those that it exports.
  private init?(_ read: Read) {
    let header = read(0, 64)
    guard header.number(at: 0, as: UInt32.self) == 0x464C_457F,  // 0x7F "ELF"
      header.number(at: 4, as: UInt16.self) == 0x0102,  // 64 bits, little-endian
      let offset = header.number(at: 0x28, as: UInt64.self).flatMap(Int.init(exactly:)),
      header.number(at: 0x3A, as: UInt16.self) == UInt16(Self.sectionSize),
      let count = header.number(at: 0x3C, as: UInt16.self), offset > 0
    else { return nil }
    let table = read(offset, Int(count) * Self.sectionSize)
    guard
      let symbols = Self.section(ofType: Self.allSymbols, in: table)
        ?? Self.section(ofType: Self.dynamicSymbols, in: table),
      let names = Self.section(at: symbols.link, in: table)
    else { return nil }
    self.symbols = symbols
    self.names = names
  }

  /// The functions that these addresses lie in, as the file counts them; each is missing that lies
  /// in none, and all are of anything but such a file with symbols.
  package static func places(of addresses: [UInt64], read: Read) -> [UInt64: Place] {
    SymbolTable(read)?.places(of: addresses, read) ?? [:]
  }

  private func places(of addresses: [UInt64], _ read: Read) -> [UInt64: Place] {
    let wanted = Set(addresses).sorted()
    guard let lowest = wanted.first, let highest = wanted.last else { return [:] }
    var best = [Found?](repeating: nil, count: wanted.count)
    let count = min(symbols.byteCount / Self.symbolSize, Self.mostSymbols)
    var first = 0
    while first < count {
      let some = min(Self.symbolsPerRead, count - first)
      let bytes = read(symbols.offset + first * Self.symbolSize, some * Self.symbolSize)
      for at in stride(from: 0, to: bytes.count - Self.symbolSize + 1, by: Self.symbolSize) {
        let kind = bytes[at + 4] & 15
        guard kind == Self.function || kind == Self.chosenFunction,
          let section = bytes.number(at: at + 6, as: UInt16.self), section != 0,
          let start = bytes.number(at: at + 8, as: UInt64.self), start <= highest,
          let size = bytes.number(at: at + 16, as: UInt64.self),
          size == 0 || lowest < start.addingClamping(size),
          let name = bytes.number(at: at, as: UInt32.self)
        else { continue }
        let found = Found(start: start, isSized: size != 0, name: name)
        // The rest are behind its end, or it has none.
        for index in Self.firstIndex(of: start, in: wanted)..<wanted.count {
          if size != 0, wanted[index] - start >= size { break }
          if best[index].map({ found.isBetter(than: $0) }) ?? true { best[index] = found }
        }
      }
      if bytes.count < some * Self.symbolSize { break }
      first += some
    }
    var places: [UInt64: Place] = [:]
    for (address, found) in zip(wanted, best) {
      guard let found, let function = name(at: found.name, read) else { continue }
      places[address] = Place(function: function, offset: address - found.start)
    }
    return places
  }

  /// The first that is no less than `start`, in what is sorted.
  private static func firstIndex(of start: UInt64, in wanted: [UInt64]) -> Int {
    var low = 0
    var high = wanted.count
    while low < high {
      let middle = (low + high) / 2
      if wanted[middle] < start { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func name(at place: UInt32, _ read: Read) -> String? {
    guard Int(place) < names.byteCount else { return nil }
    let bytes = read(
      names.offset + Int(place), min(Self.longestName, names.byteCount - Int(place)))
    let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return name.isEmpty ? nil : name
  }

  private static func section(ofType type: UInt32, in table: [UInt8]) -> Section? {
    for index in 0..<(table.count / sectionSize)
    where table.number(at: index * sectionSize + 4, as: UInt32.self) == type {
      return section(at: index, in: table)
    }
    return nil
  }

  /// Offsets beyond what an `Int` holds, or that would overflow, are no section's.
  private static func section(at index: Int, in table: [UInt8]) -> Section? {
    guard index < table.count / sectionSize else { return nil }
    let at = index * sectionSize
    guard let start = table.number(at: at + 0x18, as: UInt64.self).flatMap(Int.init(exactly:)),
      let size = table.number(at: at + 0x20, as: UInt64.self).flatMap(Int.init(exactly:)),
      let link = table.number(at: at + 0x28, as: UInt32.self),
      !start.addingReportingOverflow(size).overflow
    else { return nil }
    return Section(offset: start, byteCount: size, link: Int(link))
  }
}

extension UInt64 {
  fileprivate func addingClamping(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
