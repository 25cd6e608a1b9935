// The promise: `portico new` makes a folder that builds with one make, overwrites nothing, and
// leaves nothing behind when it fails.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct NewTests {
  private func make(
    _ folder: URL, _ arguments: String..., within limit: Duration = .seconds(60)
  ) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["make", "-C", folder.path] + arguments, within: limit)
  }

  private func new(
    _ arguments: String..., in folder: URL, fails status: Int32? = nil
  ) throws -> Finished {
    let finished = try Finished(
      Paths.portico, ["new"] + arguments, workingDirectory: folder, within: .seconds(10))
    #expect(finished.exit == .status(status ?? 0), "\(finished.error)")
    return finished
  }

  private func files(in folder: URL) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    var isFolder: ObjCBool = false
    return names.filter {
      FileManager.default.fileExists(atPath: folder.path + "/" + $0, isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }

  @Test func `A handler in C builds, passes its tests and is served`() throws {
    let folder = try Paths.newFolder()
    let made = try new("line-echo", "--language", "c", in: folder)
    #expect(made.output.contains("make -C line-echo run"))
    let project = folder.appending(path: "line-echo")
    #expect(
      try files(in: project) == [
        ".gitignore", "Makefile", "README.md", "line-echo.c", "line-echo.txt", "test.c",
      ])
    for file in try files(in: project) {
      let text = try String(contentsOf: project.appending(path: file), encoding: .utf8)
      #expect(!text.lowercased().contains("greeter"), "\(file)")
    }
    #expect(try make(project).exit == .status(0))
    let tested = try make(project, "test")
    #expect(tested.exit == .status(0), "\(tested.output)\(tested.error)")
    #expect(tested.output.contains("6 checks passed"))
    #expect(tested.output.matches(of: /\n[a-z]+\s+ok\s/).count >= 14, "\(tested.output)")
    // Nothing to do the second time.
    let again = try make(project)
    #expect(!again.output.contains("-shared"), "\(again.output)")
    let portico = try Portico(["--plugin", "./line-echo.so"], workingDirectory: project)
    let client = try portico.client()
    try client.send("world\n\n")
    #expect(try client.receiveToEnd() == .init("hello world\ngoodbye\n", .orderly))
    // What git would not want is what it is told to ignore.
    let git = URL(fileURLWithPath: "/usr/bin/env")
    _ = try Finished(git, ["git", "init", "-q"], workingDirectory: project)
    let untracked = try Finished(
      git, ["git", "ls-files", "--others", "--exclude-standard"], workingDirectory: project)
    #expect(
      Set(untracked.output.split(separator: "\n"))
        == [".gitignore", "Makefile", "README.md", "line-echo.c", "line-echo.txt", "test.c"])
    #expect(try make(project, "clean").exit == .status(0))
    #expect(try !files(in: project).contains { $0.hasSuffix(".so") || $0 == "unit" })
  }

  @Test func `A changed handler fails its own tests`() throws {
    let folder = try Paths.newFolder()
    _ = try new("x", "--language", "c", in: folder)
    let source = folder.appending(path: "x/x.c")
    let text = try String(contentsOf: source, encoding: .utf8)
    try text.replacing("\"hello \", 6", with: "\"hallo \", 6")
      .write(to: source, atomically: true, encoding: .utf8)
    let unit = try make(folder.appending(path: "x"), "unit")
    #expect(unit.exit != .status(0))
    #expect(unit.error.contains("failed: a line is greeted"), "\(unit.error)")
    #expect(unit.error.contains("hallo world"))
  }

  @Test func `It builds in a folder whose name has spaces, where --folder says`() throws {
    let folder = try Paths.newFolder().appending(path: "a $b 'c'")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    _ = try new("greeter", "--language", "c", "--folder", "my folder/", in: folder)
    let built = try make(folder.appending(path: "my folder"))
    #expect(built.exit == .status(0), "\(built.error)")
  }

  @Test func `A handler in Swift has everything that it needs, under its own name`() throws {
    let folder = try Paths.newFolder()
    _ = try new("line-echo", "--language", "swift", in: folder)
    let project = folder.appending(path: "line-echo")
    #expect(
      try files(in: project) == [
        ".gitignore", "Makefile", "Package.swift", "README.md",
        "Sources/line-echo/line-echo.swift", "Tests/line-echoTests/line-echoTests.swift",
        "line-echo.txt",
      ])
    for file in try files(in: project) {
      let text = try String(contentsOf: project.appending(path: file), encoding: .utf8)
      #expect(!text.lowercased().contains("greeter"), "\(file)")
      if file.hasSuffix("Tests.swift") { #expect(text.contains("import line_echo\n")) }
      if file.hasPrefix("Sources") { #expect(text.contains("struct LineEchoHandler:")) }
    }
  }

  @Test func `What is there is never overwritten`() throws {
    let folder = try Paths.newFolder()
    let taken = folder.appending(path: "taken")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
    try "mine".write(to: taken.appending(path: "README.md"), atomically: true, encoding: .utf8)
    try "mine".write(to: folder.appending(path: "file"), atomically: true, encoding: .utf8)
    for language in ["c", "swift"] {
      let refused = try new("taken", "--language", language, in: folder, fails: 1)
      #expect(refused.error.contains("has something in it"), "\(refused.error)")
      let file = try new("file", "--language", language, in: folder, fails: 1)
      #expect(file.error.contains("is no folder"), "\(file.error)")
    }
    #expect(try files(in: folder) == ["file", "taken/README.md"])
    for file in ["file", "taken/README.md"] {
      #expect(try String(contentsOf: folder.appending(path: file), encoding: .utf8) == "mine")
    }
    // An empty folder is as good as none.
    try FileManager.default.removeItem(at: taken.appending(path: "README.md"))
    _ = try new("taken", "--language", "c", in: folder)
    #expect(try files(in: taken).contains("Makefile"))
  }

  @Test func `What cannot be made leaves nothing behind`() throws {
    let folder = try Paths.newFolder()
    let refused = try new("x", "--language", "c", "--folder", "none/x", in: folder, fails: 1)
    #expect(refused.error.contains("make none first"), "\(refused.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    // A file system that is full after a few files.
    let full = try Namespace.run(
      """
      mount -t tmpfs -o nr_inodes=5 none "$FOLDER"
      cd "$FOLDER"
      "$PORTICO" new x --language swift && exit 9
      echo "status $?"
      ls -A
      """, ["FOLDER": folder.path, "PORTICO": Paths.portico.path])
    #expect(full.exit == .status(0), "\(full.error)")
    #expect(full.output == "status 1\n", "\(full.output)")
    #expect(full.error.contains("No space left"), "\(full.error)")
  }

  @Test(arguments: [
    ["x"], ["x", "--language", "rust"], ["--language", "c"], ["a/b", "--language", "c"],
    ["", "--language", "c"], ["for", "--language", "swift"],
  ])
  func `Wrong usage is exit status 64`(arguments: [String]) throws {
    let folder = try Paths.newFolder()
    let finished = try Finished(Paths.portico, ["new"] + arguments, workingDirectory: folder)
    #expect(finished.exit == .status(64), "\(finished.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test func `A compiler or a Portico that is missing is told with what to do`() throws {
    let folder = try Paths.newFolder()
    _ = try new("c", "--language", "c", in: folder)
    _ = try new("s", "--language", "swift", in: folder)
    for (project, argument, words) in [
      ("c", "CC=no-such-cc", "no-such-cc is not in PATH: a C compiler is needed"),
      ("c", "PORTICO=/nowhere/portico", "/nowhere/portico is not there: install Portico"),
      ("s", "SWIFT=no-such-swift", "no-such-swift is not in PATH: Swift 6.3 is needed"),
      ("s", "PORTICO=/nowhere/portico", "/nowhere/portico is not there: install Portico"),
    ] {
      let finished = try make(folder.appending(path: project), argument)
      #expect(finished.exit == .status(2), "\(project) \(argument)")
      let first = finished.error.split(separator: "\n").first ?? ""
      #expect(first.hasPrefix(words), "\(finished.error)")
    }
  }

  @Test func `A toolchain that this repository misses is told with what to do`() throws {
    let finished = try make(Paths.root, "build", "SWIFT=no-such-swift")
    #expect(finished.exit == .status(2))
    #expect(
      finished.error.hasPrefix("no-such-swift is not in PATH: Portico is built with Swift 6.3"),
      "\(finished.error)")
    // Without apt it can only be said what is missing.
    let bin = try Paths.newFolder()
    for tool in ["sh", "env"] {
      try FileManager.default.createSymbolicLink(
        at: bin.appending(path: tool), withDestinationURL: URL(fileURLWithPath: "/bin/\(tool)"))
    }
    let needs = try Finished(
      URL(fileURLWithPath: "/bin/sh"),
      [Paths.root.appending(path: ".ci/needs").path, "gcc", "pkg-config"],
      environment: ["PATH": bin.path])
    #expect(needs.exit == .status(1))
    #expect(
      needs.error == "portico needs gcc pkg-config: install with your package manager, "
        + "then run make again\n")
  }

  @Test func `paths says where things are, and what is missing`() throws {
    let include = try Portico.run("paths", "include")
    #expect(include.output == Paths.header.path + "\n")
    let all = try Portico.run("paths")
    for part in ["prefix", "include", "kit", "plugins", "templates"] {
      let one = try Portico.run("paths", part)
      #expect(one.exit == .status(0), "\(one.error)")
      #expect(all.output.contains(one.output), "\(part)")
    }
    let misspelt = try Portico.run("paths", "includes")
    #expect(misspelt.exit == .status(64))
    #expect(misspelt.error.contains("did you mean include?"))
    // A lonely copy is no installation.
    let lonely = try Paths.newFolder().appending(path: "portico")
    try FileManager.default.copyItem(at: Paths.portico, to: lonely)
    let missing = try Finished(lonely, ["paths", "include"])
    #expect(missing.exit == .status(1))
    #expect(missing.error.contains("portico.h is missing"), "\(missing.error)")
  }
}
