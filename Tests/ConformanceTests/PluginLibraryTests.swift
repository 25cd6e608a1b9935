// The promise: a plugin finds the libraries that it needs without a variable of the loader, and no
// library beside a plugin is loaded by Portico's own programs, or as anybody but the plugin's user.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct PluginLibraryTests {
  private func library(_ name: String, in folder: URL, _ flags: String...) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let source = Paths.fixtures.appending(path: "libanswer.c").path
    let file = folder.appending(path: name).path
    try Fixture.compile(
      "cc", ["-shared", "-fPIC", "-Wl,-soname,\(name)", "-o", file, source] + flags)
  }

  /// The plugin in `folder`, linked with what lies in `libraries`.
  private func plugin(in folder: URL, with libraries: URL, _ flags: String...) throws -> URL {
    let linked = ["-L", libraries.path, "-Wl,--no-as-needed,--allow-shlib-undefined", "-lanswer"]
    let built = try Fixture.c("needs_answer", linked + flags)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: "asks.so")
    try FileManager.default.copyItem(at: built, to: file)
    return file
  }

  private func answer(_ plugin: URL, _ arguments: String...) throws -> String {
    let portico = try Portico(["--plugin", plugin.path] + arguments)
    let called = try Portico.run("call", plugin.path, "--data", "x")
    #expect(called.exit == .status(0), "\(called.error)")
    let answer = try portico.ask("x").text
    #expect(called.output.contains(answer))
    return answer
  }

  @Test func `One beside it, and what that one needs beside it too`() throws {
    let folder = try Paths.newFolder()
    try library("libanswer.so", in: folder, "-DANSWER=\"beside\"")
    let plugin = try plugin(in: folder, with: folder)
    #expect(try answer(plugin) == "beside")

    let deep = try Paths.newFolder()
    try library("libinner.so", in: deep, "-DIS_INNER")
    try library(
      "libanswer.so", in: deep, "-DINNER", "-L", deep.path, "-Wl,--no-as-needed", "-linner")
    #expect(try answer(self.plugin(in: deep, with: deep)) == "inner")
  }

  @Test(arguments: ["$ORIGIN/../lib", "${ORIGIN}/../lib"])
  func `One where its run path leads from its own folder`(runPath: String) throws {
    let root = try Paths.newFolder()
    let lib = root.appending(path: "lib")
    try library("libanswer.so", in: lib, "-DANSWER=\"run path\"")
    let plugin = try plugin(
      in: root.appending(path: "plugins"), with: lib, "-Wl,-rpath,\(runPath)")
    #expect(try answer(plugin) == "run path")
  }

  @Test func `One in a folder that the operator names`() throws {
    let lib = try Paths.newFolder()
    try library("libanswer.so", in: lib, "-DANSWER=\"operator\"")
    let plugin = try plugin(in: Paths.newFolder(), with: lib)
    let inherited = try Finished(
      Paths.portico, ["call", plugin.path, "--data", "x"],
      environment: ["LD_LIBRARY_PATH": lib.path])
    #expect(inherited.exit == .status(1))
    #expect(inherited.error.contains("--env LD_LIBRARY_PATH=FOLDER"), "\(inherited.error)")
    let named = try Finished(
      Paths.portico, ["call", plugin.path, "--data", "x", "--env", "LD_LIBRARY_PATH"],
      environment: ["LD_LIBRARY_PATH": lib.path])
    #expect(named.output.contains("operator"), "\(named.error)")
    let portico = try Portico(["--plugin", plugin.path, "--env", "LD_LIBRARY_PATH=\(lib.path)"])
    #expect(try portico.ask("x").text == "operator")
  }

  @Test func `One that is not there is named, whoever needs it`() throws {
    let folder = try Paths.newFolder()
    try library("libinner.so", in: folder, "-DIS_INNER")
    try library(
      "libanswer.so", in: folder, "-DINNER", "-L", folder.path, "-Wl,--no-as-needed", "-linner")
    let plugin = try plugin(in: folder, with: folder)
    for name in ["libinner.so", "libanswer.so"] {
      try FileManager.default.removeItem(at: folder.appending(path: name))
      let called = try Portico.run("call", plugin.path, "--data", "x")
      #expect(called.exit == .status(1))
      #expect(
        called.error.contains("needs the library \(name), which is not found"), "\(called.error)")
    }
  }

  @Test func `What ld.so loads is loaded: no name, no order, a function of the plugin's`() throws {
    // A library without a name of its own (SONAME), as `cc -shared` makes it.
    let plain = try Paths.newFolder()
    try Fixture.compile(
      "cc",
      [
        "-shared", "-fPIC", "-DANSWER=\"plain\"", "-o", plain.appending(path: "libanswer.so").path,
        Paths.fixtures.appending(path: "libanswer.c").path,
      ])
    let built = try Fixture.c(
      "needs_answer", "-L", plain.path, "-Wl,--no-as-needed", "-l:libanswer.so")
    let file = plain.appending(path: "asks.so")
    try FileManager.default.copyItem(at: built, to: file)
    #expect(try answer(file) == "plain")

    // The second one that the plugin needs is needed by the first, which does not say so.
    let root = try Paths.newFolder()
    let lib = root.appending(path: "lib")
    try library("libinner.so", in: lib, "-DIS_INNER")
    try library("libanswer.so", in: lib, "-DINNER")
    let plugin = try plugin(
      in: root.appending(path: "plugins"), with: lib, "-linner", "-Wl,-rpath,$ORIGIN/../lib")
    #expect(try answer(plugin) == "inner")
  }

  @Test func `One for another machine is passed over`() throws {
    let root = try Paths.newFolder()
    let (other, lib) = (root.appending(path: "other"), root.appending(path: "lib"))
    try library("libanswer.so", in: lib, "-DANSWER=\"right\"")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    var bytes = try Data(contentsOf: lib.appending(path: "libanswer.so"))
    bytes[18] = 3  // i386
    bytes[4] = 1  // 32 bits
    try bytes.write(to: other.appending(path: "libanswer.so"))
    let plugin = try plugin(
      in: root.appending(path: "plugins"), with: lib, "-Wl,-rpath,$ORIGIN/../other:$ORIGIN/../lib")
    #expect(try answer(plugin) == "right")
  }

  @Test func `One that others can change is not loaded`() throws {
    let root = try Paths.newFolder()
    let lib = root.appending(path: "lib")
    try library("libanswer.so", in: lib, "-DWITNESS", "-DANSWER=\"changed\"")
    chmod(lib.path, 0o777)
    let linked = try plugin(
      in: root.appending(path: "plugins"), with: lib, "-Wl,-rpath,$ORIGIN/../lib")
    // And one in a folder of its own that leads there.
    let beside = root.appending(path: "beside")
    let plain = try plugin(in: beside, with: lib)
    try FileManager.default.createSymbolicLink(
      at: beside.appending(path: "libanswer.so"),
      withDestinationURL: lib.appending(path: "libanswer.so"))
    for plugin in [linked, plain] {
      let called = try Portico.run("call", plugin.path, "--data", "x")
      #expect(called.exit == .status(1))
      #expect(
        called.error.contains("which others can change: everybody may write to \(lib.path)"),
        "\(called.error)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: lib.path) == ["libanswer.so"])
      let allowed = try Portico.run(
        "call", plugin.path, "--data", "x", "--allow-untrusted-plugin")
      #expect(allowed.output.contains("changed"), "\(allowed.error)")
      // It leaves its file beside the path that it was loaded by.
      for folder in [lib, beside] {
        try? FileManager.default.removeItem(at: folder.appending(path: "libanswer.so.loaded"))
      }
    }
  }

  @Test func `Swift's, Foundation too, where the plugin's run path leads nowhere`() throws {
    let plugin = try Fixture.swift(
      "foundation", "-no-toolchain-stdlib-rpath", "-Xlinker", "-rpath", "-Xlinker",
      "/nowhere/swift/linux")
    #expect(try answer(plugin) == "42")
  }

  /// A library of that name stands for whatever an attacker puts beside a plugin.
  @Test(arguments: ["libffi.so.8", "libswiftCore.so", "libc.so.6", "libgcc_s.so.1"])
  func `No program of Portico's loads what lies beside a plugin`(name: String) throws {
    let folder = try Paths.newFolder()
    try library(name, in: folder, "-DWITNESS", "-DANSWER=\"evil\"")
    let plugin = folder.appending(path: "plugin.so")
    try FileManager.default.copyItem(at: Fixture.c("shell"), to: plugin)
    chmod(folder.path, 0o777)  // Nobody may leave a file there who is not allowed to.
    let options = ["--allow-untrusted-plugin"]
    let portico = try Portico(["--plugin", plugin.path] + options)
    #expect(try portico.ask("echo hello\n").text == "hello\n")
    for command in [
      ["call", plugin.path, "--data", "echo hello\\n"], ["inspect", plugin.path],
      ["list", "--plugin-dir", folder.path],
    ] {
      let finished = try Finished(Paths.portico, command + options)
      #expect(finished.exit == .status(0), "\(finished.error)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(files == [name, "plugin.so"].sorted())
  }

  @Test(.enabled("needs root: --user changes users") { geteuid() == 0 })
  func `What --env tells the loader waits until the user has changed`() throws {
    let folder = try Paths.newFolder()
    try library("libm.so.6", in: folder, "-DWITNESS", "-DANSWER=\"evil\"")
    let preload = try Paths.newFolder().appending(path: "libpreload.so")
    let other = preload.deletingLastPathComponent()
    try library("libpreload.so", in: other, "-DWITNESS", "-DANSWER=\"x\"")
    for path in [folder, other] { chmod(path.path, 0o777) }
    let portico = try Portico(
      [
        "--plugin", Fixture.c("shell").path, "--user", "nobody", "--env",
        "LD_LIBRARY_PATH=\(folder.path)", "--env", "LD_PRELOAD=\(preload.path)",
      ])
    #expect(try portico.ask("echo $LD_PRELOAD $LD_LIBRARY_PATH\n").text.contains(folder.path))
    // Children have them, as nobody.
    let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
    for trace in ["\(folder.path)/libm.so.6.loaded", "\(preload.path).loaded"] {
      let users = (try? String(contentsOfFile: trace, encoding: .utf8)) ?? ""
      #expect(users.split(separator: "\n").allSatisfy { $0 == "\(nobody)" }, "\(users)")
    }
  }

  @Test(.enabled("needs root: --user changes users") { geteuid() == 0 })
  func `What a plugin needs is loaded as the plugin's user`() throws {
    let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
    let folder = try Paths.newFolder()
    try library("libanswer.so", in: folder, "-DWITNESS", "-DANSWER=\"as nobody\"")
    let plugin = try plugin(in: folder, with: folder)
    let witness = folder.appending(path: "libanswer.so.loaded")
    try Data().write(to: witness)
    chmod(witness.path, 0o666)
    let portico = try Portico(["--plugin", plugin.path, "--user", "nobody", "--workers", "1"])
    #expect(try portico.ask("x").text == "as nobody")
    #expect(try String(contentsOf: witness, encoding: .utf8) == "\(nobody)\n")
  }
}
