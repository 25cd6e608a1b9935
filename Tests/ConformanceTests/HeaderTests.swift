// The promise: portico.h and portico_frame.h compile alone under every standard they name, and what
// version 1 laid down stays where it is for ever.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct HeaderTests {
  private static let warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pedantic-errors"]
  private var include: [String] { ["-I", Paths.header.path] }

  private func check(_ compiler: String, _ standard: String, _ file: String) throws {
    try Fixture.compile(
      compiler,
      ["-std=\(standard)"] + Self.warnings + include
        + ["-fsyntax-only", Paths.fixtures.appending(path: file).path])
  }

  @Test(arguments: ["c89", "c11"], ["header_alone.c", "frame_alone.c"])
  func `Each header compiles alone as C with all warnings`(standard: String, file: String) throws {
    try check("cc", standard, file)
  }

  @Test(arguments: ["header_alone.cpp", "frame_alone.cpp"])
  func `Each header compiles alone as C++17 with all warnings`(file: String) throws {
    try check("c++", "c++17", file)
  }

  // clang comes with the Swift toolchain, so it is always there.
  @Test(
    arguments: [("c89", "c"), ("c11", "c"), ("c++17", "cpp")], ["header_alone", "frame_alone"])
  func `Each header compiles alone with clang, which knows its nullability`(
    standard: (String, String), file: String
  ) throws {
    try check(standard.1 == "c" ? "clang" : "clang++", standard.0, "\(file).\(standard.1)")
  }

  /// Stricter than an author is likely to be: a warning in a header is nothing they could mend.
  @Test(arguments: ["cc", "clang"])
  func `The headers convert no number silently`(compiler: String) throws {
    try Fixture.compile(
      compiler,
      ["-std=c89", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wcast-qual", "-Werror"]
        + include + ["-fsyntax-only", Paths.fixtures.appending(path: "frame_alone.c").path])
  }

  /// Both compilers' sanitizers; each buffer ends where its allocation does.
  @Test(arguments: ["cc", "clang"])
  func `Framing reads and calculates within bounds, whatever the bytes`(compiler: String) throws {
    let program = try Paths.newFolder().appending(path: "frame_fuzz")
    try Fixture.compile(
      compiler,
      ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"]
        + ["-fno-sanitize-recover=all"] + (compiler == "clang" ? ["-fuse-ld=lld"] : []) + include
        + ["-o", program.path, Paths.fixtures.appending(path: "frame_fuzz.c").path])
    var random = RandomSource(for: "HeaderTests framing")
    // 100,000 rounds take half a second; the program says which one failed.
    let seed = UInt64.random(in: 1...999_999, using: &random)
    let finished = try Finished(program, ["\(seed)", "100000"], within: .seconds(60))
    #expect(finished.exit == .status(0), "\(finished.output)\(finished.error)")
  }

  @Test(arguments: ["cc", "clang"])
  func `Nothing that version 1 laid down has moved`(compiler: String) throws {
    try check(compiler, "c11", "header_layout.c")
  }

  @Test func `A handler in C++ keeps the C name of handle, and is served`() throws {
    let plugin = try Paths.newFolder().appending(path: "cpp.so")
    try Fixture.compile(
      "c++",
      ["-std=c++17", "-shared", "-fPIC"] + include + [
        "-o", plugin.path, Paths.fixtures.appending(path: "header_alone.cpp").path,
      ])
    let portico = try Portico(plugin: plugin)
    let client = try portico.client()
    try client.send("from C++")
    #expect(try client.receiveText(8) == "from C++")
  }

  @Test func `A plugin compiled against the first header, and only that, is served`() throws {
    let portico = try Portico(plugin: Fixture.c("abi-v1/frozen"))
    let answer = try portico.ask("hello", halfClose: true)
    #expect(answer == .init("frozen v1\n", .orderly))
    #expect(try portico.stop() == .status(0))
    #expect(portico.log.filter { $0.level != "info" }.map(\.raw) == [])
  }

  @Test func `The frozen copy is the live header as long as its version is 1.0`() throws {
    let live = try String(contentsOf: Paths.header.appending(path: "portico.h"), encoding: .utf8)
    let frozen = try String(
      contentsOf: Paths.fixtures.appending(path: "abi-v1/portico.h"), encoding: .utf8)
    #expect(frozen.contains("#define PORTICO_ABI_MAJOR 1\n#define PORTICO_ABI_MINOR 0\n"))
    #expect(live.contains("#define PORTICO_ABI_MAJOR 1\n"), "this project stays at version 1")
    if live.contains("#define PORTICO_ABI_MINOR 0\n") {
      #expect(live == frozen, "the header changed: append, and raise PORTICO_ABI_MINOR")
    }
  }
}
