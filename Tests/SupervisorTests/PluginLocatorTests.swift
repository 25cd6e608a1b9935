// Promise: --plugin finds what is meant, in the documented order, and never looks where nobody
// said.

import Foundation
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) final class PluginLocatorTests {
  private let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/portico-locator-\(UUID().uuidString)"
    for folder in ["option", "variable", "shipped", "here"] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func touch(_ files: String...) {
    for file in files {
      _ = FileManager.default.createFile(atPath: "\(root)/\(file)", contents: nil)
    }
  }

  private var locator: PluginLocator {
    PluginLocator(
      optionFolders: ["../option"], pathVariable: ":\(root)/variable:\(root)/missing:",
      shippedFolder: "\(root)/shipped", currentFolder: "\(root)/here")
  }

  @Test("A name is looked up in --plugin-dir, then PORTICO_PLUGIN_PATH, then the shipped folder")
  func order() throws {
    let locator = PluginLocator(
      optionFolders: ["\(root)/option"], pathVariable: "\(root)/variable",
      shippedFolder: "\(root)/shipped", currentFolder: "\(root)/here")
    touch("shipped/echo.so")
    #expect(try locator.path(of: "echo") == "\(root)/shipped/echo.so")
    touch("variable/libecho.so")
    #expect(try locator.path(of: "echo") == "\(root)/variable/libecho.so")
    touch("variable/echo.so")
    #expect(try locator.path(of: "echo") == "\(root)/variable/echo.so")
    touch("option/libecho.so")
    #expect(try locator.path(of: "echo") == "\(root)/option/libecho.so")
  }

  @Test("The current directory is not searched, but the message says that it is there")
  func currentDirectory() {
    touch("here/echo.so")
    do {
      Issue.record("found \(try locator.path(of: "echo"))")
    } catch {
      let sentence = error.description
      #expect(sentence.contains("echo.so and libecho.so"))
      #expect(sentence.contains("\(root)/variable, \(root)/missing, \(root)/shipped"))
      #expect(sentence.contains("--plugin ./echo.so"))
    }
  }

  @Test("A word with a slash or that ends in .so is a path")
  func paths() throws {
    #expect(try locator.path(of: "./echo.so") == "\(root)/here/echo.so")
    #expect(try locator.path(of: "echo.so") == "\(root)/here/echo.so")
    #expect(try locator.path(of: "sub/echo") == "\(root)/here/sub/echo")
    #expect(try locator.path(of: "/opt//x/./echo") == "/opt/x/echo")
  }

  @Test("A folder is no plugin, and an empty name is none")
  func notFiles() throws {
    try FileManager.default.createDirectory(
      atPath: "\(root)/shipped/echo.so", withIntermediateDirectories: true)
    #expect(throws: StartFailure.self) { try self.locator.path(of: "echo") }
    #expect(throws: StartFailure.self) { try self.locator.path(of: "") }
  }

  @Test("Candidates come in the order of the search, NAME.so before libNAME.so")
  func candidates() {
    touch("variable/b.so", "variable/liba.so", "variable/a.so", "shipped/a.so", "shipped/notes.txt")
    #expect(
      locator.candidates().map(\.path) == [
        "\(root)/variable/a.so", "\(root)/variable/b.so", "\(root)/variable/liba.so",
        "\(root)/shipped/a.so",
      ])
    #expect(locator.candidates().map(\.name) == ["a", "b", "a", "a"])
  }

  @Test("A file's name is what selects it")
  func names() {
    #expect(PluginLocator.name(ofFile: "/x/libecho.so") == "echo")
    #expect(PluginLocator.name(ofFile: "echo.so") == "echo")
    #expect(PluginLocator.name(ofFile: "lib.so") == "lib")
  }

  @Test("A file that is no library, or half of one, does not trap the symbol look-up")
  func sharedObjects() throws {
    var generator = SeededGenerator(test: "SharedObject")
    #expect(SharedObject([])?.exports("handle") == nil)
    // This test's own runtime library is a real one; cut and damaged it must only be refused.
    let path = try #require(
      ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"]
        .first { FileManager.default.fileExists(atPath: $0) })
    let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    #expect(SharedObject(whole)?.exports("cos") == true)
    #expect(SharedObject(whole)?.exports("handle") == false)
    for _ in 0..<300 {
      var damaged = Array(whole.prefix(Int.random(in: 0...whole.count, using: &generator)))
      if Bool.random(using: &generator) { damaged = whole }
      for _ in 0..<Int.random(in: 1...8, using: &generator) where damaged.count > 64 {
        // The header, and the section headers near the end.
        let near = Bool.random(using: &generator)
        let at =
          near
          ? Int.random(in: 16..<64, using: &generator)
          : damaged.count - Int.random(in: 1...min(2000, damaged.count), using: &generator)
        damaged[at] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = SharedObject(damaged)?.exports("handle")
    }
  }
}
