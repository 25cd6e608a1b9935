// Promise: a limit on the size of files that is too low is named at the start, with what is needed.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct FileSizesTests {
  private let sizes = FileSizes(buffers: 1 << 30, tally: 1 << 22)

  @Test func `Without a limit, and with one that suffices, nothing is said`() {
    #expect(sizes.shortage(limit: nil) == nil)
    #expect(sizes.shortage(limit: 1 << 30) == nil)
  }

  @Test func `What is needed and allowed is named, and what to change`() {
    #expect(
      sizes.shortage(limit: 512 << 20)
        == "files of 1GiB are needed in memory (for the buffers of a worker), and RLIMIT_FSIZE "
        + "allows 512MiB: raise the limit (ulimit -f, LimitFSIZE=), or lower --memory-limit")
  }

  @Test func `Where no option helps none is named`() throws {
    let little = try #require(sizes.shortage(limit: 1 << 20))
    #expect(little.hasSuffix("raise the limit (ulimit -f, LimitFSIZE=)"))
    let crowded = FileSizes(buffers: 16 << 20, tally: 64 << 20)
    #expect(
      crowded.shortage(limit: 32 << 20)?.hasPrefix(
        "files of 64MiB are needed in memory (for counting clients)") == true)
  }
}
