// Promise: an installation is found from its program alone, wherever it was moved, and so is a
// build tree; what is missing is named.

import Foundation
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) final class InstallationTests {
  private let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/portico-place-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func touch(_ file: String) throws {
    let path = "\(root)/\(file)"
    try FileManager.default.createDirectory(
      atPath: Installation.parent(of: path), withIntermediateDirectories: true)
    try #require(FileManager.default.createFile(atPath: path, contents: nil))
  }

  @Test("Installed, everything lies below the folder above the program's")
  func installed() throws {
    let installation = Installation(program: "\(root)/bin/portico")
    #expect(installation.executableFolder == "\(root)/libexec/portico")
    #expect(installation.folder(of: .prefix) == root)
    #expect(installation.folder(of: .plugins) == "\(root)/lib/portico")
    #expect(installation.folder(of: .include) == "\(root)/include")
    #expect(installation.folder(of: .kit) == "\(root)/share/portico/swift")
    #expect(installation.folder(of: .templates) == "\(root)/share/portico/templates")
  }

  @Test("In the root folder no path has two slashes")
  func rootFolder() {
    let installation = Installation(program: "/bin/portico")
    for part in Installation.Part.allCases {
      #expect(!installation.folder(of: part).contains("//"))
    }
    #expect(installation.folder(of: .prefix) == "/")
  }

  @Test("A build tree is used in place, with the checkout above it")
  func buildTree() throws {
    try touch("Sources/CPortico/include/portico.h")
    try touch(".build/x/release/portico-worker")
    let folder = "\(root)/.build/x/release"
    let installation = Installation(program: "\(folder)/portico")
    #expect(installation.executableFolder == folder)
    #expect(installation.pluginFolder == folder)
    #expect(installation.folder(of: .prefix) == root)
    #expect(try installation.existing(.include) == "\(root)/Sources/CPortico/include")
    #expect(installation.folder(of: .kit) == "\(root)/Sources")
  }

  @Test("A part that is not there is named, with what to do")
  func missing() {
    let installation = Installation(program: "\(root)/bin/portico")
    for part in [Installation.Part.include, .kit, .templates] {
      let error = #expect(throws: StartFailure.self) { try installation.existing(part) }
      #expect(error?.description.contains(installation.folder(of: part)) == true)
      #expect(error?.description.contains("make install") == true)
    }
  }

  @Test("The program is called by its name only where PATH leads to it")
  func command() throws {
    try touch("bin/portico")
    try touch("other/portico")
    for file in ["bin/portico", "other/portico"] {
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: "\(root)/\(file)")
    }
    let program = "\(root)/bin/portico"
    let installation = Installation(program: program)
    #expect(installation.command(path: nil) == program)
    #expect(installation.command(path: "") == program)
    #expect(installation.command(path: "/nowhere:\(root)/bin") == "portico")
    #expect(installation.command(path: "\(root)/other:\(root)/bin") == program)
    // A link to it is it.
    try FileManager.default.createSymbolicLink(
      atPath: "\(root)/portico", withDestinationPath: program)
    #expect(installation.command(path: root) == "portico")
  }
}
