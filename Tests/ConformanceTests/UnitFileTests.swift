// Promise: the unit files are right, and as strict as they say; what they forbid is not needed.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct UnitFileTests {
  private static let names = ["portico.service", "portico.socket", "portico@.service"]
  private static let source = Paths.root.appending(path: "examples/systemd")

  private func systemdAnalyze(_ words: String...) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), ["systemd-analyze", "--no-pager"] + words,
      within: .seconds(60))
  }

  /// A folder with copies that start the program under test.
  private func copies() throws -> URL {
    let folder = try Paths.newFolder()
    for name in Self.names {
      let text = try String(contentsOf: Self.source.appending(path: name), encoding: .utf8)
        .replacing("=portico ", with: "=\(Paths.portico.path) ")
      // systemd checks an instance, not its template.
      let copy = name.replacing("@.", with: "@echo.")
      for file in Set([name, copy]) {
        try text.write(to: folder.appending(path: file), atomically: true, encoding: .utf8)
      }
    }
    return folder
  }

  @Test func `Every unit file is listed here, and systemd finds nothing to say of it`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.source.path).sorted()
    #expect(files == Self.names.sorted())
    let folder = try copies()
    for name in ["portico.service", "portico.socket", "portico@echo.service"] {
      let finished = try systemdAnalyze("verify", "--man=no", folder.appending(path: name).path)
      #expect(finished.exit == .status(0), "\(name): \(finished.error)")
      #expect(!finished.error.contains(folder.path), "\(finished.error)")
    }
  }

  @Test func `Systemd counts the services among the well protected ones`() throws {
    let folder = try copies()
    for name in ["portico.service", "portico@echo.service"] {
      let finished = try systemdAnalyze(
        "security", "--offline=yes", "--threshold=20", folder.appending(path: name).path)
      let last = finished.output.split(separator: "\n").last ?? ""
      print("\(last)")
      #expect(finished.exit == .status(0), "\(last)")
    }
  }

  /// The names in a group of system calls, and in the groups that it includes.
  private func systemCalls(_ group: String) throws -> Set<String> {
    var calls: Set<String> = []
    let listing = try systemdAnalyze("syscall-filter", group).output
    for line in listing.split(separator: "\n").dropFirst() {
      let name = line.trimmingCharacters(in: .whitespaces)
      if name.hasPrefix("@") {
        calls.formUnion(try systemCalls(name))
      } else if !name.hasPrefix("#") {
        calls.insert(name)
      }
    }
    return calls
  }

  @Test(arguments: ["thankyou", "echo"])
  func `The system calls of a life are among those that the service may make`(plugin: String)
    throws
  {
    let trace = try Paths.newFolder().appending(path: "trace")
    let path = try Paths.newFolder().appending(path: "s").path
    do {
      let portico = try Portico(
        ["--plugin", plugin, "--workers", "2"],
        listen: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "unix:\(path)"],
        under: ["strace", "-D", "-f", "-qq", "-o", trace.path])
      try portico.waitForLog(containing: "with 2 workers", within: .seconds(30))
      for index in [0, 2] {
        let client = try Client(portico.address(index))
        try client.send("x")
        #expect(try client.receive() != nil)
      }
      portico.child.send(SIGHUP)
      try portico.waitForLog(containing: "reloaded: serving", within: .seconds(30))
      #expect(try portico.stop(within: .seconds(30)) == .status(0))
    }
    let used = try Set(
      String(contentsOf: trace, encoding: .utf8).split(separator: "\n").compactMap { line in
        line.firstMatch(of: /^\d+ +(\w+)\(/).map { String($0.1) }
      })
    #expect(used.count > 40)
    let allowed = try systemCalls("@system-service").union(systemCalls("@default"))
      .subtracting(systemCalls("@privileged"))
    #expect(allowed.count > 200)
    #expect(used.subtracting(allowed) == [])
  }
}
