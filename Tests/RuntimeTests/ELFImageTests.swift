// What is read of a plugin's file before it is loaded: real libraries, other files, and noise.

internal import Foundation
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct ELFImageTests {
  /// A folder of its own that goes away with the test.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("portico-elf-\(UUID().uuidString)")
    init() throws {
      try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(at: path) }

    func write(_ text: String, _ name: String) throws -> String {
      let file = path.appendingPathComponent(name)
      try Data(text.utf8).write(to: file)
      return file.path
    }

    func bytes(_ name: String) throws -> [UInt8] {
      Array(try Data(contentsOf: path.appendingPathComponent(name)))
    }
  }

  /// Runs a tool in a folder; what it printed. Throws when it failed.
  @discardableResult
  private static func run(_ folder: Folder, _ words: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = folder.path
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(words.joined(separator: " "))")
    return String(decoding: output, as: UTF8.self)
  }

  private static func hasTool(_ name: String) -> Bool {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return folders.split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  /// Those of this machine; binutils' own is always there where there is a compiler.
  private static let linkers = ["bfd"] + ["gold", "lld"].filter { hasTool("ld.\($0)") }

  private static func read(_ bytes: [UInt8]) throws(ELFImage.Defect) -> ELFImage {
    unsafe try ELFImage(bytes.span.bytes)
  }

  /// Why a file is refused; nil when it is not.
  private static func reason(_ bytes: [UInt8]) -> String? {
    do throws(ELFImage.Defect) {
      _ = try read(bytes)
      return nil
    } catch { return error.reason }
  }

  private static let source = """
    #include <math.h>
    static int hidden_by_static(int x) { return x + 1; }
    __attribute__((visibility("hidden"))) int hidden_by_attribute(int x) { return x; }
    __attribute__((weak)) int weak_one(void) { return 1; }
    int data_symbol = 7;
    double portico_describe(double x) { return sin(x); }
    long handle(const void *b, unsigned long n, void *r) {
      return hidden_by_static((int)n) + hidden_by_attribute(data_symbol);
    }
    """

  @Test(arguments: linkers)
  func `A shared library of every linker is read as nm and readelf read it`(linker: String) throws {
    let folder = try Folder()
    // Many symbols, so that what follows their table would show if it were read as more of them.
    let many = (0..<300).map { "int symbol_number_\($0)(void) { return \($0); }" }
    _ = try folder.write(Self.source + "\n" + many.joined(separator: "\n"), "plugin.c")
    try Self.run(
      folder, "cc", "-shared", "-fPIC", "-fuse-ld=\(linker)", "-o", "plugin.so", "plugin.c",
      "-Wl,--no-as-needed", "-lm")
    let image = try Self.read(folder.bytes("plugin.so"))
    let listed = try Self.run(folder, "nm", "-D", "--defined-only", "-j", "plugin.so")
      .split(separator: "\n").map(String.init)
    #expect(image.exports.sorted() == listed.sorted())
    #expect(image.exports.contains("handle"))
    #expect(image.exports.contains("weak_one"))
    #expect(image.exports.contains("data_symbol"))
    #expect(!image.exports.contains("hidden_by_static"))
    #expect(!image.exports.contains("sin"), "what it imports is not its own")
    #expect(image.needs.contains("libm.so.6"))
    #expect(image.needs.contains("libc.so.6"))
    #expect(image.needs.count == 2)
    #expect(!image.isSwift)
    #expect(!image.hasOwnSwiftRuntime)
  }

  @Test func `A stripped library is read as well as before`() throws {
    let folder = try Folder()
    _ = try folder.write(Self.source, "plugin.c")
    try Self.run(folder, "cc", "-shared", "-fPIC", "-g", "-o", "plugin.so", "plugin.c", "-lm")
    let before = try Self.read(folder.bytes("plugin.so"))
    try Self.run(folder, "strip", "plugin.so")
    let after = try Self.read(folder.bytes("plugin.so"))
    #expect(after.exports == before.exports)
    #expect(after.needs == before.needs)
  }

  @Test func `Swift sections without the shared runtime are a runtime of its own`() throws {
    let folder = try Folder()
    _ = try folder.write(
      """
      __attribute__((section("swift5_protocols"), used)) static int record = 1;
      int handle(void) { return record; }
      """, "plugin.c")
    _ = try folder.write("int swift_retain(void) { return 0; }", "core.c")
    try Self.run(folder, "cc", "-shared", "-fPIC", "-o", "own.so", "plugin.c")
    try Self.run(
      folder, "cc", "-shared", "-fPIC", "-o", "libswiftCore.so", "-Wl,-soname,libswiftCore.so",
      "core.c")
    try Self.run(
      folder, "cc", "-shared", "-fPIC", "-o", "shared.so", "plugin.c", "-Wl,--no-as-needed", "-L.",
      "-lswiftCore")
    let own = try Self.read(folder.bytes("own.so"))
    #expect(own.isSwift)
    #expect(own.hasOwnSwiftRuntime)
    let shared = try Self.read(folder.bytes("shared.so"))
    #expect(shared.isSwift)
    #expect(!shared.hasOwnSwiftRuntime)
  }

  @Test func `What is no ELF file at all is refused`() throws {
    let notELF =
      "is not a shared library: an ELF file is needed, such as `cc -shared -fPIC` makes"
    #expect(Self.reason([]) == notELF)
    #expect(Self.reason([0x7F]) == notELF)
    #expect(Self.reason(Array("#!/bin/sh\nexit 0\n".utf8)) == notELF)
    #expect(Self.reason(Array(repeating: 0, count: 5000)) == notELF)
    #expect(Self.reason([0x7F, 0x45, 0x4C, 0x46]) != nil)
  }

  @Test func `A library for another machine is refused with both names`() throws {
    let folder = try Folder()
    _ = try folder.write("int handle(void) { return 0; }", "plugin.c")
    try Self.run(folder, "cc", "-shared", "-fPIC", "-o", "plugin.so", "plugin.c")
    let good = try folder.bytes("plugin.so")
    #expect(Self.reason(good) == nil)
    let own = UInt16(good[18]) | UInt16(good[19]) << 8
    for (number, name) in [(62, "x86-64"), (183, "AArch64"), (243, "RISC-V"), (999, "999")]
      as [(UInt16, String)] where number != own
    {
      var other = good
      other[18] = UInt8(number & 255)
      other[19] = UInt8(number >> 8)
      let reason = try #require(Self.reason(other))
      #expect(reason.contains("is built for"))
      #expect(reason.contains(name))
    }
    var narrow = good
    narrow[4] = 1
    #expect(Self.reason(narrow) == "is not a 64-bit little-endian ELF file")
    var bigEndian = good
    bigEndian[5] = 2
    #expect(Self.reason(bigEndian) == "is not a 64-bit little-endian ELF file")
    for count in 0..<62 {
      #expect(Self.reason(Array(good.prefix(count))) != nil, "cut to \(count) bytes")
    }
  }

  @Test(arguments: [["-no-pie"], ["-pie", "-fPIE"], ["-c"]])
  func `An executable and an object file are refused with what to do`(options: [String]) throws {
    let folder = try Folder()
    _ = try folder.write("int handle(void) { return 0; } int main(void) { return 0; }", "plugin.c")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["cc"] + options + ["-o", "plugin", "plugin.c"]
    process.currentDirectoryURL = folder.path
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let reason = Self.reason(try folder.bytes("plugin"))
    #expect(reason?.contains("is not a shared library") == true, "\(options): \(reason ?? "taken")")
  }

  @Test func `No mutation and no truncation of a library traps the reader`() throws {
    var random = SplitMix64(for: "ELFImage fuzz")
    let folder = try Folder()
    _ = try folder.write(
      """
      int handle(void) { return 0; }
      int portico_describe(void) { return 1; }
      """, "plugin.c")
    try Self.run(
      folder, "cc", "-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-z,max-page-size=4096",
      "-Wl,-z,noseparate-code", "-o", "plugin.so", "plugin.c")
    let good = try folder.bytes("plugin.so")
    try #require(good.count > 500)
    let whole = try Self.read(good)
    try #require(whole.exports.sorted() == ["handle", "portico_describe"])
    // Where the headers are: mutations there reach further.
    let headers = Int(good[54]) * Int(good[56]) + 64
    let sections = good.count - Int(good[58]) * Int(good[60])
    let extremes: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
    var taken = 0
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...random.below(6) {
        let regions = [0..<64, 64..<headers, sections..<good.count, 0..<good.count]
        let region = regions[random.below(4)]
        let at = region.lowerBound + random.below(region.count)
        let value =
          random.below(2) == 0
          ? extremes[random.below(5)] : UInt8(truncatingIfNeeded: random.next())
        // A byte, or a whole word of extremes.
        for place in at..<min(at + (random.below(4) == 0 ? 8 : 1), bytes.count) {
          bytes[place] = value
        }
      }
      if random.below(4) == 0 { bytes.removeLast(random.below(bytes.count + 1)) }
      do throws(ELFImage.Defect) {
        let image = try Self.read(bytes)
        #expect(image.exports.count <= 512)
        taken += 1
      } catch {
        refused += 1
      }
    }
    #expect(taken > 1000, "mutations got past the first checks: \(taken)")
    #expect(refused > 1000)
  }
}
