// Promise: a program knows the words that it was started with, and whether the file of another one
// is still what it was.

import Foundation
import Kernel
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ProgramTests {
  private func words(_ text: String) -> [String]? { HostFacts.words(of: Array(text.utf8)) }

  @Test func `Words are what lies between the NULs, and the name is not one of them`() {
    #expect(words("portico\0") == [])
    #expect(words("portico\0stop\0--pid\01\0") == ["stop", "--pid", "1"])
    #expect(words("portico\0--set\0\0--\0") == ["--set", "", "--"])
    // A text that was cut, or that somebody has written over.
    #expect(words("portico\0stop") == ["stop"])
    #expect(HostFacts.words(of: [0x70, 0, 0xFF, 0]) == ["\u{FFFD}"])
  }

  @Test func `Without a name there are no words at all`() {
    #expect(words("") == nil)
    #expect(words("\0") == nil, "as Linux has it since 5.18 for a program without one")
    #expect(words("\0stop\0") == nil)
  }

  @Test func `A program's file is the same until another one or other bytes are there`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "portico-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "program").path
    func write(_ text: String, to path: String) throws {
      try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
    #expect(ProgramFile(path).change == .removed)
    try write("one", to: path)
    let file = ProgramFile(path)
    #expect(file.change == nil)
    _ = unsafe chmod(path, 0o755)
    #expect(file.change == nil, "its bytes are the same")
    try write("on", to: path)
    #expect(file.change == .replaced)
    try write("one", to: path + "-new")
    _ = unsafe rename(path + "-new", path)
    #expect(file.change == .replaced)
    _ = unsafe unlink(path)
    #expect(file.change == .removed)
  }
}
