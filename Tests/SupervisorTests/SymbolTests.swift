// Promise: a crash has the name of the function that was hit, and no file, however broken, harms
// the supervisor that reads it.

import Kernel
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) struct SymbolTests {
  private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// The least ELF file with a table of symbols.
  private static func file(_ symbols: [(name: String, start: UInt64, size: UInt64)]) -> [UInt8] {
    var names: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: 24)
    for symbol in symbols {
      table += bytes(UInt32(names.count)) + [0x12, 0] + bytes(UInt16(1))
      table += bytes(symbol.start) + bytes(symbol.size)
      names += Array(symbol.name.utf8) + [0]
    }
    func section(_ type: UInt32, _ offset: Int, _ size: Int, link: UInt32) -> [UInt8] {
      bytes(UInt32(0)) + bytes(type) + bytes(UInt64(0)) + bytes(UInt64(0)) + bytes(UInt64(offset))
        + bytes(UInt64(size)) + bytes(link) + bytes(UInt32(0)) + bytes(UInt64(8))
        + bytes(UInt64(24))
    }
    var header = [0x7F] + Array("ELF".utf8) + [2, 1, 1] + [UInt8](repeating: 0, count: 9)
    header += [UInt8](repeating: 0, count: 0x28 - 16) + bytes(UInt64(64))
    header += [UInt8](repeating: 0, count: 10) + bytes(UInt16(64)) + bytes(UInt16(3))
    header += [UInt8](repeating: 0, count: 64 - header.count)
    let start = 64 + 3 * 64
    return header + section(0, 0, 0, link: 0) + section(2, start, table.count, link: 2)
      + section(3, start + table.count, names.count, link: 0) + table + names
  }

  private func places(_ file: [UInt8], _ addresses: [UInt64]) -> [UInt64: SymbolTable.Place] {
    SymbolTable.places(of: addresses) { offset, count in
      guard offset < file.count else { return [] }
      return Array(
        file[offset..<min(file.count, offset.addingReportingOverflow(count).partialValue)])
    }
  }

  @Test func `An address is in the function around it, and in none beside`() {
    let file = Self.file([("first", 0x1000, 0x20), ("handle", 0x1020, 0x100), ("far", 0x9000, 4)])
    let found = places(file, [0xFFF, 0x1000, 0x101F, 0x1020, 0x111F, 0x1120, 0x9003])
    #expect(found[0xFFF] == nil)
    #expect(found[0x1000] == .init(function: "first", offset: 0))
    #expect(found[0x101F] == .init(function: "first", offset: 0x1F))
    #expect(found[0x1020] == .init(function: "handle", offset: 0))
    #expect(found[0x111F] == .init(function: "handle", offset: 0xFF))
    #expect(found[0x1120] == nil)
    #expect(found[0x9003] == .init(function: "far", offset: 3))
  }

  @Test func `Of functions within each other the inner one counts, and a size before none`() {
    let file = Self.file([("start", 0x1000, 0), ("outer", 0x1000, 0x100), ("inner", 0x1040, 0x10)])
    let found = places(file, [0x1008, 0x1048, 0x5000])
    #expect(found[0x1008]?.function == "outer")
    #expect(found[0x1048]?.function == "inner")
    #expect(found[0x5000] == .init(function: "start", offset: 0x4000))
  }

  @Test func `Places are those of a search through all symbols, whatever the order`() {
    var random = SeededGenerator(test: "places")
    for _ in 0..<300 {
      let symbols = (0..<Int.random(in: 1...30, using: &random)).map { number in
        (
          name: "name\(number)", start: UInt64.random(in: 0...60, using: &random),
          size: UInt64.random(in: 0...20, using: &random)
        )
      }
      let wanted = (0..<24).map { _ in UInt64.random(in: 0...80, using: &random) }
      let found = places(Self.file(symbols), wanted)
      for address in wanted {
        let around = symbols.filter { $0.start <= address }
        let sized = around.filter { address - $0.start < $0.size }
        let candidates = sized.isEmpty ? around.filter { $0.size == 0 } : sized
        let start = candidates.map(\.start).max()
        let best = candidates.first { $0.start == start }
        #expect(found[address]?.function == best?.name, "\(address) in \(symbols)")
      }
    }
  }

  @Test func `A table of symbols that hold everything is read to a million, and at once`() {
    // Each is as good as any other for every address that is asked for.
    let start = 64 + 3 * 64
    let namesPlace = 1 << 40
    var header = Self.file([("handle", 0, .max), ("mine", 0, 0)])
    header.replaceSubrange(64 + 64 + 0x20..<64 + 64 + 0x28, with: Self.bytes(UInt64(24 << 22)))
    header.replaceSubrange(64 + 128 + 0x18..<64 + 128 + 0x20, with: Self.bytes(namesPlace))
    header.removeLast(header.count - start)
    func symbol(name: UInt32, at start: UInt64, size: UInt64) -> [UInt8] {
      Self.bytes(name) + [0x12, 0] + Self.bytes(UInt16(1)) + Self.bytes(start) + Self.bytes(size)
    }
    let chunk = (0..<2048).flatMap { symbol(name: 1, at: $0, size: .max) }
    let first: UInt64 = 1 << 32
    // A large plugin has as many.
    let honest = 700_000
    let names = Array("\0handle\0mine\0".utf8)
    var readCount = 0
    let began = ContinuousClock.now
    let found = SymbolTable.places(of: (0..<24).map { first + $0 }) { offset, byteCount in
      if offset >= namesPlace { return Array(names.dropFirst(offset - namesPlace)) }
      guard offset >= start else { return Array(header.dropFirst(offset).prefix(byteCount)) }
      var bytes = Array(chunk.prefix(byteCount))
      let place = honest - readCount
      if (0..<byteCount / 24).contains(place) {
        bytes.replaceSubrange(
          place * 24..<(place + 1) * 24, with: symbol(name: 8, at: first + 5, size: 1))
      }
      readCount += byteCount / 24
      return bytes
    }
    print("\(readCount) symbols for 24 addresses: \(ContinuousClock.now - began)")
    #expect(readCount == 1 << 20)
    #expect(found.count == 24)
    #expect(found[first + 5] == .init(function: "mine", offset: 0))
    #expect(found[first + 6] == .init(function: "handle", offset: first + 6 - 2047))
  }

  @Test func `No damage to the file traps, and none is read for ever`() {
    var random = SeededGenerator(test: "symbols")
    let whole = Self.file((0..<40).map { ("name\($0)", UInt64($0) << 8, 0x80) })
    for _ in 0..<2000 {
      var file = whole
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        file[Int.random(in: 0..<file.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        file.removeLast(Int.random(in: 0...file.count, using: &random))
      }
      _ = places(file, [0, 0x110, 0x2700, .max])
    }
  }

  @Test func `This program's own functions are found in its own file`() throws {
    let path = try #require(Files.linkTarget(of: "/proc/self/exe"))
    let file = try Files.openReading(path)
    // Whatever it is, its start has a name.
    let header = file.read(at: 0, count: 64)
    let entry = try #require(header.number(at: 0x18, as: UInt64.self))
    let found = SymbolTable.places(of: [entry]) { file.read(at: $0, count: $1) }
    #expect(found[entry]?.function == "_start")
  }

  @Test(arguments: [
    (
      "$s8thankyou8ThankYouV7receiveySis7RawSpanV_14PorticoHandler5ReplyVtF",
      "thankyou.ThankYou.receive"
    ),
    (
      "$s14PorticoHandler10AsyncReplyV6finishyyFyAA0D0VXEfU_",
      "closure in PorticoHandler.AsyncReply.finish"
    ),
    ("$s10TranscriptAAV16maximumByteCountSivau", "Transcript.Transcript.maximumByteCount"),
    (
      "$s10Transcript0A8MismatchV23__derived_struct_equalsySbAC_ACtFZTf4nnd_n",
      "Transcript.TranscriptMismatch.__derived_struct_equals"
    ),
    (
      "$s14PorticoHandler11LengthFieldV3end_4from10adjustmentSiSgs6UInt64V_S2itFZTf4nnnd_n",
      "PorticoHandler.LengthField.end"
    ),
    (
      "$s20FoundationEssentials13__DataStorageC15withUnsafeBytes2in5applyxSnySiG_xSWKXEtKlF",
      "FoundationEssentials.__DataStorage.withUnsafeBytes"
    ),
    (
      "$s20FoundationEssentials12DataProtocolPAAE10firstRange2ofSny5IndexQzGSgqd___tAaBRd__lF",
      "FoundationEssentials.DataProtocol.firstRange"
    ),
    ("$s4Shop4TillV5count33_8A2F0123456789ABCDEF0123456789ABLL2ofySi_tF", "Shop.Till.count"),
    ("$s4Shop4TillVACycfC", "Shop.Till.init"), ("$s4Shop4TillC4openACSb_tcfc", "Shop.Till.init"),
    ("$sSa6appendyyxnF", "Swift.Array.append"),
    ("handle", "handle"), ("$s", "$s"), ("$s0", "$s0"), ("$s4Sho", "$s4Sho"), ("$s09A", "$s09A"),
    ("$s00bcher", "$s00bcher"), ("$s999999999999999999999a", "$s999999999999999999999a"),
  ])
  func `Names in Swift are shown as their author writes them`(symbol: String, shown: String) {
    #expect(FunctionName.readable(symbol) == shown)
  }

  /// The Swift runtime writes a gigabyte for the one, and ends the process at the other.
  @Test func `No name takes long, much room, or the process`() {
    var doubling = "$s1a1fyySDySiSiG_"
    for letter in "CDEFGHIJKLMNOPQRSTUVWXYZ" { doubling += "SDyA2\(letter)G" }
    #expect(FunctionName.readable(doubling + "tF") == "a.f")
    let word = String(repeating: "w", count: 200)
    let references = "$s200" + word + "0" + String(repeating: "a", count: 5000) + "A"
    #expect(FunctionName.readable(references) == references)
    let deep = FunctionName.readable("$s4name" + String(repeating: "4nameV", count: 100_000))
    #expect(deep.utf8.count < 200)
    var random = SeededGenerator(test: "names")
    let pieces = [
      "A2B", "AA", "AAV", "AAE", "Si", "SDy", "G", "_", "t", "y", "x", "F", "3abc", "4BarA",
      "0A3Foo", "0aB", "00", "V", "C", "O", "E", "33_", "LL", "fC", "fU_", "TA", "9", "s", "So",
    ]
    for _ in 0..<50_000 {
      var name = "$s"
      for _ in 0..<Int.random(in: 0...24, using: &random) {
        name += pieces.randomElement(using: &random) ?? ""
      }
      #expect(FunctionName.readable(name).utf8.count <= max(name.utf8.count, 17 * 256 + 16))
    }
  }

  @Test func `A library's file is the first of its name among the mappings`() {
    let maps = """
      7f00-7f01 r--p 00000000 08:01 12 /usr/lib/libother.so.6
      7f01-7f02 r-xp 00000000 08:01 13 /usr/lib/x86_64/libc.so.6
      7f02-7f03 rw-p 00000000 00:00 0
      7f03-7f04 r--p 00000000 08:01 14 /opt/libswift_StringProcessing_and_more.so
      """
    #expect(ModuleFiles.path(of: "libc.so.6", in: maps) == "/usr/lib/x86_64/libc.so.6")
    #expect(ModuleFiles.path(of: "libc.so", in: maps) == nil)
    #expect(
      ModuleFiles.path(of: "libswift_StringProcessing_a", in: maps)
        == "/opt/libswift_StringProcessing_and_more.so")
    #expect(ModuleFiles.path(of: "", in: maps) == nil)
  }

  @Test func `A file's fingerprint is that of all its bytes`() {
    func fingerprint(_ bytes: [UInt8]) -> String {
      Fingerprint.text { offset, count in Array(bytes.dropFirst(offset).prefix(count)) }
    }
    // As the authors of FNV give them.
    #expect(fingerprint([]) == "cbf29ce484222325")
    #expect(fingerprint(Array("a".utf8)) == "af63dc4c8601ec8c")
    #expect(fingerprint(Array("foobar".utf8)) == "85944171f73967e8")
  }
}
