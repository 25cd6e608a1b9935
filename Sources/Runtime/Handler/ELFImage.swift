// Reads of a plugin's file what must be known before it is loaded: is it a shared library for this
// machine, which libraries it needs, what it exports, and whether Swift code is in it. A plugin
// with a Swift runtime of its own would load silently and break later, so it is found here. The
// format is that of the System V ABI (gABI, chapters 4 and 5). No input traps: every read is
// checked.

internal import Kernel

/// What the headers of an ELF file say.
struct ELFImage {
  /// Why a file cannot be a plugin, as the second half of a sentence.
  struct Defect: Error, Equatable {
    var reason: String
  }

  private(set) var needs: [String] = []
  /// Where it wants them looked for, a list with colons. DT_RPATH counts only without DT_RUNPATH.
  private(set) var runPath = ""
  private(set) var exports: [String] = []
  private(set) var isSwift = false
  private var isProgram = false

  /// Does it need anything of Swift's runtime?
  var usesSwift: Bool { isSwift || needs.contains { $0.hasPrefix("libswift") } }

  /// Does it bring Swift code but not share the host's runtime?
  var hasOwnSwiftRuntime: Bool {
    isSwift && !needs.contains { $0.hasPrefix("libswiftCore.so") }
  }

  /// Reads the image. Symbols are optional: a file whose tables are odd is left to the loader.
  init(_ file: RawSpan) throws(Defect) {
    if let reason = ELFHeader.defect(file) { throw Defect(reason: reason) }
    guard let sections = file.u64(40), let count = file.u16(60), let size = file.u16(58), size >= 64
    else { throw Defect(reason: "is a truncated ELF file") }
    readSections(file, at: sections, count: Int(count), size: UInt64(size))
    readDynamic(file)
    if isProgram { throw Defect(reason: ELFHeader.notShared) }
  }

  private mutating func readSections(
    _ file: RawSpan, at start: UInt64, count: Int, size: UInt64
  ) {
    guard let namesIndex = file.u16(62),
      let names = file.u64(start &+ UInt64(namesIndex) &* size &+ 24)
    else { return }
    for index in 0..<count {
      guard let name = file.u32(start &+ UInt64(index) &* size) else { return }
      if file.text(names &+ UInt64(name))?.hasPrefix("swift5_") == true { isSwift = true }
    }
  }

  /// Follows PT_DYNAMIC, which is there even when the sections were stripped.
  private mutating func readDynamic(_ file: RawSpan) {
    guard let headers = file.u64(32), let size = file.u16(54), let count = file.u16(56) else {
      return
    }
    var loads: [(address: UInt64, offset: UInt64, size: UInt64)] = []
    var dynamic: (offset: UInt64, size: UInt64)?
    for index in 0..<Int(count) {
      let at = headers &+ UInt64(index) &* UInt64(size)
      guard let kind = file.u32(at), let offset = file.u64(at &+ 8),
        let address = file.u64(at &+ 16), let length = file.u64(at &+ 32)
      else { return }
      if kind == 1 { loads.append((address, offset, length)) }
      if kind == 2 { dynamic = (offset, length) }
    }
    func offset(_ address: UInt64) -> UInt64? {
      for load in loads where address >= load.address && address - load.address < load.size {
        return address - load.address &+ load.offset
      }
      return nil
    }
    guard let dynamic else { return }
    var neededNames: [UInt64] = []
    var values: [UInt64: UInt64] = [:]
    var at = dynamic.offset
    let end = dynamic.offset &+ min(dynamic.size, 1 << 16)
    while at < end, let tag = file.u64(at), let value = file.u64(at &+ 8), tag != 0 {
      if tag == 1 { neededNames.append(value) } else { values[tag] = value }
      at &+= 16
    }
    // DT_FLAGS_1 with DF_1_PIE: a program that could lie anywhere, which dlopen refuses.
    isProgram = (values[0x6fff_fffb] ?? 0) & 0x0800_0000 != 0
    guard let strings = values[5].flatMap(offset) else { return }
    needs = neededNames.compactMap { file.text(strings &+ $0) }
    runPath = (values[29] ?? values[15]).flatMap { file.text(strings &+ $0) } ?? ""
    guard let symbols = values[6].flatMap(offset) else { return }
    readSymbols(file, at: symbols, strings: strings, end: strings)
  }

  /// The dynamic symbol table ends where the string table begins, in every linker's output.
  private mutating func readSymbols(
    _ file: RawSpan, at start: UInt64, strings: UInt64, end: UInt64
  ) {
    var at = start &+ 24
    while at &+ 24 <= end, exports.count < 512, let name = file.u32(at),
      let info = file.u8(at &+ 4),
      let section = file.u16(at &+ 6)
    {
      let isDefined = section != 0
      let isGlobal = info >> 4 == 1 || info >> 4 == 2
      if isDefined, isGlobal, let text = file.text(strings &+ UInt64(name)), !text.isEmpty {
        exports.append(text)
      }
      at &+= 24
    }
  }
}

/// Checked reads: nil outside the file.
extension RawSpan {
  func u8(_ at: UInt64) -> UInt8? {
    guard at < UInt64(byteCount) else { return nil }
    // SAFETY: inside the span, as just checked.
    return unsafe unsafeLoadUnaligned(fromByteOffset: Int(at), as: UInt8.self)
  }

  private func number(_ at: UInt64, bytes count: UInt64) -> UInt64? {
    var value: UInt64 = 0
    for place in 0..<count {
      guard let byte = u8(at &+ place) else { return nil }
      value |= UInt64(byte) << (8 * place)
    }
    return value
  }

  func u16(_ at: UInt64) -> UInt16? { number(at, bytes: 2).map { UInt16($0) } }
  func u32(_ at: UInt64) -> UInt32? { number(at, bytes: 4).map { UInt32($0) } }
  func u64(_ at: UInt64) -> UInt64? { number(at, bytes: 8) }

  /// NUL-terminated, of a bounded length.
  func text(_ at: UInt64) -> String? {
    var text: [UInt8] = []
    while let byte = u8(at &+ UInt64(text.count)), text.count < 1024 {
      if byte == 0 { return String(decoding: text, as: UTF8.self) }
      text.append(byte)
    }
    return nil
  }
}
