// Promise: a library that is no plugin, or does not load, is told with what to do about it, in
// whatever language it was written.

import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct LoadAdviceTests {
  @Test(arguments: [
    (["greet", "_init"], "ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply)"),
    (["greet"], "it exports greet"),
    ([], "not static"),
    (["_init", "_fini"], "nor any other"),
    (["Handle"], "only `Handle`"),
    (["_Z6handlePKvmPFlS0_mE"], "extern \"C\""),
    (["_ZN3net6handleEPKvm"], "C++ name"),
    (["$s5greet6handleyS2V_SiSVtF"], "@c"),
    ((1...12).map { "f\($0)" }, "f8 and 4 more"),
  ])
  func `Without handle it is said what to write`(exports: [String], words: String) {
    let sentence = LoadAdvice.noHandle(exports: exports)
    #expect(sentence.hasPrefix("exports no function `handle`"))
    #expect(sentence.contains(words), "\(sentence)")
  }

  @Test(arguments: [
    ("undefined symbol: nobody_defines_this", "-l"),
    ("undefined symbol: $s4Core3fooyyF", "another Swift runtime"),
    ("undefined symbol: swift_retain2", "another Swift runtime"),
    (
      "libuv.so.1: cannot open shared object file: No such file or directory",
      "needs the library libuv.so.1"
    ),
    (
      "libFoundation.so: cannot open shared object file: No such file or directory",
      "PORTICO_RUNTIME=libFoundation.so"
    ),
    (
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by x.so)",
      "GLIBC_2.99"
    ),
    (
      "/p/libstdc++.so.6: version `GLIBCXX_3.4.99' not found (required by x.so)",
      "an older copy"
    ),
    ("invalid ELF header", "cannot be loaded: invalid ELF header"),
    ("", "cannot be loaded: "),
  ])
  func `What the loader says becomes a remedy`(words: String, remedy: String) {
    let sentence = LoadAdvice.load(words)
    #expect(sentence.contains(remedy), "\(sentence)")
  }

  @Test func `Words of the loader that say nothing known are all kept`() {
    var random = SplitMix64(for: "LoadAdvice")
    let pieces = [
      "undefined symbol: ", "version `", "'", "not found", ": ", "cannot open", "é", "\n",
    ]
    for _ in 0..<300 {
      let words = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        pieces.randomElement(using: &random)!
      }.joined()
      #expect(!LoadAdvice.load(words).isEmpty)
    }
  }
}
