// The promise: `portico call` gives a plugin's answers as they are, without a socket, and says what
// went wrong in words that name the plugin, the function and the request.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct CallTests {
  private func call(_ arguments: String...) throws -> Finished {
    try Finished(Paths.portico, ["call"] + arguments, within: .seconds(40))
  }

  @Test func `A plugin that crashes is told with its function and the request`() throws {
    let plugin = try Fixture.c("crash")
    let finished = try call(plugin.path, "--data", "hello", "--data", "crash")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("SIGSEGV while crash was in handle with 5 bytes, of request 2"))
  }

  @Test func `A crash is seen also where the parent has its children ignored`() throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      [
        "--ignore-signal=CHLD", Paths.portico.path, "call", try Fixture.c("crash").path,
        "--data", "crash",
      ], within: .seconds(40))
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("SIGSEGV while crash was in handle"), "\(finished.error)")
  }

  @Test func `A plugin that hangs is killed and told`() throws {
    let finished = try call(try Fixture.c("spin").path, "--data", "spin", "--timeout", "300ms")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("spin hangs: spin was in handle with 4 bytes, of request 1"))
  }

  @Test func `A protocol error is status 1, behind what was replied`() throws {
    let finished = try call(try Fixture.c("protocolerror").path, "--data", "x")
    #expect(finished.exit == .status(1))
    #expect(finished.output == "bye")
    #expect(finished.error.contains("protocol error: its handle returned -1"))
  }

  @Test func `A handler that answers more than it was given misbehaves`() throws {
    let finished = try call(try Fixture.c("overconsume").path, "--data", "four")
    #expect(finished.exit == .status(1))
    #expect(finished.error.contains("misbehaves: its handle returned 5 for 4 bytes"))
  }

  @Test func `A plugin that does not load is told`() throws {
    let missing = try call("/nowhere/at-all.so", "--data", "x")
    #expect(missing.exit == .status(1))
    #expect(missing.error.contains("/nowhere/at-all.so cannot be read"))
    let refuses = try call(try Fixture.c("refuses").path, "--data", "x")
    #expect(refuses.exit == .status(1))
    #expect(refuses.error.contains("refused to start"))
    let crashes = try call(try Fixture.c("crashinload").path, "--data", "x")
    #expect(crashes.exit == .status(1))
    #expect(crashes.error.contains("crashes in on_load"))
  }

  @Test(arguments: [
    (#"a\q"#, "character 2 is unknown"), (#"ab\"#, "character 3 is a lone"),
    (#"é\x4"#, #"\x at character 2 needs two"#), (#"\x4g"#, "needs two hexadecimal digits"),
  ])
  func `A mistake in an escape is told with its place`(_ word: String, _ words: String) throws {
    let finished = try call("echo", "--data", word)
    #expect(finished.exit == .status(64))
    #expect(finished.error.contains(words), "\(finished.error)")
  }

  @Test(arguments: [("0", "no second one"), ("0g", "character 2 is no hexadecimal digit")])
  func `A mistake in hexadecimal is told`(_ word: String, _ words: String) throws {
    let finished = try call("echo", "--hex", word)
    #expect(finished.exit == .status(64))
    #expect(finished.error.contains(words), "\(finished.error)")
  }

  @Test func `Requests of all three kinds go out in the order of the command line`() throws {
    let file = try Paths.newFolder().appending(path: "request")
    try "file ".write(to: file, atomically: true, encoding: .utf8)
    let finished = try call(
      "echo", "--hex", "61 20", "--data", "b ", "--file", file.path, "--hex", "63 20",
      "--file=\(file.path)", "--data", #"d\r\n\t\0\e\\\"\x7f"#)
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output == "a b file c file d\r\n\t\0\u{1B}\\\"\u{7F}")
    #expect(finished.error == "")
  }

  @Test func `Every byte comes back as it is, however many there are`() throws {
    let file = try Paths.newFolder().appending(path: "request")
    var random = RandomSource(seed: 7)
    let bytes = Data((0..<3_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    try bytes.write(to: file)
    let answer = try Paths.newFolder().appending(path: "answer")
    let finished = try Finished(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", "\"$0\" call echo --file \"$1\" >\"$2\"", Paths.portico.path, file.path, answer.path],
      within: .seconds(40))
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(try Data(contentsOf: answer) == bytes)
  }

  @Test func `Without requests stdin is one`() throws {
    let finished = try Finished(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", "printf 'from stdin' | \"$0\" call echo", Paths.portico.path], within: .seconds(40))
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output == "from stdin")
  }

  @Test func `A handler that answers nothing is no failure`() throws {
    let finished = try call("discard", "--data", "x")
    #expect(finished.exit == .status(0))
    #expect(finished.output == "" && finished.error == "")
  }

  @Test func `A handler that ends the connection early is told about`() throws {
    let finished = try call("thankyou", "--data", "one", "--data", "two")
    #expect(finished.exit == .status(0))
    #expect(finished.output.hasPrefix("thank you !"))
    #expect(finished.error.contains("ended the connection after request 1 of 2"))
  }

  @Test func `Replies from a thread are waited for`() throws {
    let finished = try call(try Fixture.c("threadreply").path, "--data", "one ", "--data", "last")
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output == "one last")
  }

  @Test func `Over UDP each request is a datagram, an empty one too`() throws {
    let finished = try call(
      "echo", "--udp", "--data", "one", "--data", "", "--data", "two", "--time")
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output == "onetwo")
    #expect(finished.error.contains("request 2: 0 bytes in, 0 bytes out, 1 call"))
  }

  @Test func `What a request costs is said on stderr`() throws {
    let lines = try Fixture.c("lines")
    let once = try call(lines.path, "--data", #"a\nb\n"#, "--time")
    #expect(once.output == "[1]a\n[1]b\n")
    #expect(once.error.contains(/request 1: 4 bytes in, 10 bytes out, 2 calls, \d+\.\d µs/))
    let often = try call("echo", "--data", "ab", "--time", "--repeat", "100")
    #expect(often.output == String(repeating: "ab", count: 100))
    #expect(
      often.error.contains(
        /100 times, 200 bytes in, 200 bytes out, 100 calls; each min .*, median .*, p99 .* µs/))
  }

  @Test func `Settings, the log and a handler's file reach the plugin`() throws {
    let plugin = try Fixture.c("settings")
    let wrong = try call(plugin.path, "--set", "nonsense=1", "--data", "x")
    #expect(wrong.exit == .status(1))
    #expect(wrong.error.contains("never asked for --set nonsense"))
    let quiet = try call("thankyou", "--data", "x", "--log-level", "error")
    #expect(quiet.error == "")
    let loud = try call("thankyou", "--data", "x")
    #expect(loud.error.contains("info thankyou:"))
  }
}
