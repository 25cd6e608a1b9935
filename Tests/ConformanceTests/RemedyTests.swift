// The promise: a mistake is answered with its cause and with what to do next, in one sentence.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct RemedyTests {
  /// The one sentence with which serving a plugin fails.
  private func sentence(_ plugin: String, in folder: URL? = nil) throws -> String {
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--log-level", "error", "--plugin", plugin,
      workingDirectory: folder)
    #expect(finished.exit == .status(1), "\(finished.error)")
    #expect(finished.error.split(separator: "\n").count == 1, "\(finished.error)")
    return finished.error
  }

  private func expect(_ sentence: String, _ words: String...) {
    for word in words { #expect(sentence.contains(word), "\(word) is missing in: \(sentence)") }
  }

  @Test func `A misspelt name of a plugin`() throws {
    try expect(sentence("eco"), "no plugin is called eco", "did you mean echo?")
    try expect(sentence("nothing-like-it"), "`portico list` shows")
  }

  @Test func `A misspelt path, and a folder that is not there`() throws {
    let folder = try Paths.newFolder()
    try FileManager.default.copyItem(
      at: Fixture.c("lines"), to: folder.appending(path: "lines.so"))
    try expect(sentence("./line.so", in: folder), "did you mean", "/lines.so?")
    try expect(sentence("./none/lines.so", in: folder), "there is no folder")
    try expect(sentence("./lines.so/x.so", in: folder), "there is no folder")
  }

  @Test(arguments: [
    ("handler.c", "cc -shared -fPIC"), ("handler.cpp", "c++ -shared -fPIC"),
    ("handler.swift", "portico new handler --language swift"), ("handler.rs", "exports `handle`"),
    ("handler.o", "cc -shared -o handler.so handler.o"),
  ])
  func `A file that is not built yet`(file: String, words: String) throws {
    let folder = try Paths.newFolder()
    try "whatever\n".write(
      to: folder.appending(path: file), atomically: true, encoding: .utf8)
    for word in [file, "./\(file)", folder.appending(path: file).path] {
      try expect(sentence(word, in: folder), file, words, "--plugin ./handler.so")
    }
  }

  @Test func `The command that it names for a source file builds it`() throws {
    let folder = try Paths.newFolder()
    try FileManager.default.copyItem(
      at: Paths.fixtures.appending(path: "lines.c"), to: folder.appending(path: "lines.c"))
    let told = try sentence("lines.c", in: folder)
    let command = try #require(told.firstMatch(of: /`([^`]+)`/)).1
    let path = "PATH=\(Paths.build.path):$PATH"
    let built = try Finished(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "\(path) && \(command)"], workingDirectory: folder)
    #expect(built.exit == .status(0), "\(built.error)")
    let portico = try Portico(["--plugin", "./lines.so"], workingDirectory: folder)
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A library with the ending of a source file is served all the same`() throws {
    let folder = try Paths.newFolder()
    try FileManager.default.copyItem(at: Fixture.c("lines"), to: folder.appending(path: "odd.c"))
    let portico = try Portico(["--plugin", "./odd.c"], workingDirectory: folder)
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A folder, as portico new makes one`() throws {
    let folder = try Paths.newFolder()
    let project = folder.appending(path: "lines")
    try FileManager.default.createDirectory(at: project, withIntermediateDirectories: true)
    try "all:\n".write(
      to: project.appending(path: "Makefile"), atomically: true, encoding: .utf8)
    try expect(sentence("./lines", in: folder), "is a folder", "run make in it")
    try FileManager.default.copyItem(
      at: Fixture.c("lines"), to: project.appending(path: "lines.so"))
    try expect(sentence("./lines", in: folder), "is a folder", "/lines/lines.so")
    try expect(sentence("lines", in: folder), "meant by --plugin lines/lines.so")
  }

  @Test func `A library without handle, in the language in which it was written`() throws {
    try expect(
      sentence(Fixture.c("nohandle").path), "exports no function `handle`",
      "ptrdiff_t handle(const void *buffer, size_t len, portico_reply reply)",
      "it exports portico_describe")
    try expect(sentence(Fixture.c("cxxhandle").path), "_Z6handle", "extern \"C\"")
    try expect(sentence(Fixture.swift("swiftmangled").path), "6handle", "@c")
    // inspect says the same.
    let inspected = try Portico.run("inspect", Fixture.c("cxxhandle").path)
    #expect(inspected.exit == .status(1))
    expect(inspected.error, "extern \"C\"")
  }

  @Test func `A library that needs another one which is not there`() throws {
    let folder = try Paths.newFolder()
    let plugin = folder.appending(path: "borrowedhandle.so")
    try FileManager.default.copyItem(at: Fixture.c("borrowedhandle"), to: plugin)
    try expect(sentence(plugin.path), "needs the library libborrowed.so", "LD_LIBRARY_PATH")
  }

  @Test(arguments: [
    ("rn", "'run'"), ("lsit", "'list'"), ("inspekt", "'inspect'"), ("nwe", "'new'"),
  ])
  func `A misspelt command`(word: String, meant: String) throws {
    let finished = try Portico.run(word)
    #expect(finished.exit == .status(64))
    expect(finished.error, "there is no command '\(word)'", "did you mean \(meant)?")
  }

  @Test func `A word that is no command, and a plugin where a command belongs`() throws {
    let unknown = try Portico.run("serve\u{1b}[2J")
    #expect(unknown.exit == .status(64))
    expect(unknown.error, "write one of run, list", #"serve\x1b[2J"#)
    let plugin = try Portico.run("./hello.so")
    #expect(plugin.exit == .status(64))
    expect(plugin.error, "--plugin ./hello.so")
  }

  @Test func `A misspelt option`() throws {
    let finished = try Portico.run("run", "--lisen", "tcp://127.0.0.1:0")
    #expect(finished.exit == .status(64))
    expect(finished.error, "Did you mean '--listen'?")
  }

  @Test(arguments: ["tcp", "udp"])
  func `A port in use, with what to write instead`(scheme: String) throws {
    let first = try Portico(listen: ["\(scheme)://127.0.0.1:0"])
    let uri = try #require(first.listeners.first)
    let finished = try Portico.run("run", "--listen", uri)
    #expect(finished.exit == .status(1))
    expect(
      finished.error, "in use by portico (pid \(first.child.pid))",
      "--listen \(scheme)://127.0.0.1:0 (port 0 picks one)")
  }

  /// Below this, the kernel asks for a privilege.
  private static let firstFreePort =
    UInt16(
      (try? ProcessView.text(of: "/proc/sys/net/ipv4/ip_unprivileged_port_start"))?
        .filter(\.isNumber) ?? "") ?? 1024

  @Test(.enabled("every port is free for all on this machine") { firstFreePort > 81 })
  func `A port that needs privileges`() throws {
    let words = ["run", "--listen", "tcp://127.0.0.1:81", "--plugin", "echo"]
    // Root too is only as strong as its bounding set.
    let finished =
      geteuid() == 0
      ? try Finished(
        URL(fileURLWithPath: "/usr/bin/env"),
        ["setpriv", "--bounding-set=-net_bind_service", Paths.portico.path] + words)
      : try Finished(Paths.portico, words)
    #expect(finished.exit == .status(1), "\(finished.error)")
    expect(
      finished.error, "ports below 1024", "--user", "sysctl net.ipv4.ip_unprivileged_port_start=81")
  }
}
