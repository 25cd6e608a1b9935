// The promise: dropping a .so into the folder is all it takes, the order of the folders is the
// documented one, and the current folder is never searched unasked.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct LookupTests {
  /// A folder with a plugin of that name, which answers with `word`.
  private func folder(_ name: String, saying word: String) throws -> URL {
    let folder = try Paths.newFolder()
    let source = folder.appending(path: "source.c")
    try """
    #include <portico.h>
    ptrdiff_t handle(const void *b, size_t n, portico_reply r) {
      (void)b;
      r("\(word)", \(word.utf8.count));
      portico_finish(r);
      return (ptrdiff_t)n;
    }
    """.write(to: source, atomically: true, encoding: .utf8)
    try Fixture.compile(
      "cc",
      [
        "-shared", "-fPIC", "-I", Paths.header.path, "-o",
        folder.appending(path: "\(name).so").path, source.path,
      ])
    return folder
  }

  private func answer(
    _ arguments: [String], environment: [String: String] = [:], workingDirectory: URL? = nil
  ) throws -> String {
    let portico = try Portico(
      arguments, environment: environment, workingDirectory: workingDirectory)
    return try portico.ask("x").text
  }

  @Test func `A plugin that was dropped into a folder is listed and served`() throws {
    let here = try folder("dropped", saying: "dropped in")
    let finished = try Portico.run("list", "--plugin-dir", here.path)
    #expect(finished.exit == .status(0), "\(finished.error)")
    let line = finished.output.split(separator: "\n").first { $0.contains("dropped") }
    #expect(line?.contains(here.appending(path: "dropped.so").path) == true, "\(finished.output)")
    for shipped in ["thankyou", "echo", "daytime", "discard", "chargen"] {
      #expect(finished.output.contains(shipped), "\(shipped) is missing in: \(finished.output)")
    }
    #expect(try answer(["--plugin", "dropped", "--plugin-dir", here.path]) == "dropped in")
  }

  @Test func `A file in the folder that is no plugin does not break the list`() throws {
    let here = try folder("good", saying: "good")
    try "no library".write(
      to: here.appending(path: "bad.so"), atomically: true, encoding: .utf8)
    try FileManager.default.copyItem(
      at: Fixture.c("crashinconstructor"), to: here.appending(path: "ugly.so"))
    let finished = try Portico.run("list", "--plugin-dir", here.path)
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.output.contains("good.so"))
    #expect((finished.output + finished.error).contains("bad.so"))
    #expect((finished.output + finished.error).contains("ugly.so"))
  }

  @Test func `NAME.so goes before libNAME.so`() throws {
    let here = try folder("libboth", saying: "with lib")
    #expect(try answer(["--plugin", "both", "--plugin-dir", here.path]) == "with lib")
    let plain = try folder("both", saying: "without lib")
    try FileManager.default.copyItem(
      at: plain.appending(path: "both.so"), to: here.appending(path: "both.so"))
    #expect(try answer(["--plugin", "both", "--plugin-dir", here.path]) == "without lib")
  }

  @Test func `The folders of the command line go before those of the environment`() throws {
    let one = try folder("same", saying: "one").path
    let two = try folder("same", saying: "two").path
    let three = try folder("same", saying: "three").path
    let four = try folder("same", saying: "four").path
    let path = ["PORTICO_PLUGIN_PATH": "\(three):\(four)"]
    let named = ["--plugin", "same"]
    #expect(
      try answer(named + ["--plugin-dir", one, "--plugin-dir", two], environment: path) == "one")
    #expect(try answer(named + ["--plugin-dir", two], environment: path) == "two")
    #expect(try answer(named, environment: path) == "three")
    #expect(try answer(named, environment: ["PORTICO_PLUGIN_PATH": four]) == "four")
  }

  @Test func `The folders that are named go before the shipped plugins`() throws {
    let here = try folder("echo", saying: "not the shipped one").path
    #expect(try answer(["--plugin", "echo", "--plugin-dir", here]) == "not the shipped one")
  }

  @Test func `The current folder is not searched for a name, and is for a path`() throws {
    let here = try folder("local", saying: "local")
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", "local", workingDirectory: here)
    #expect(finished.exit == .status(1))
    #expect(try answer(["--plugin", "./local.so"], workingDirectory: here) == "local")
    #expect(try answer(["--plugin", "local.so"], workingDirectory: here) == "local")
    // An empty part of the search path is no way to ask for the current folder either.
    let empty = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", "local",
      environment: ["PORTICO_PLUGIN_PATH": ":"], workingDirectory: here)
    #expect(empty.exit == .status(1))
  }
}
