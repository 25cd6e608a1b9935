// How files look: width, length, and nothing that belongs to one person's machine or to another
// day.

import Foundation
import Harness
import Testing

@Suite(.timeLimit(.minutes(3)))
struct TextTests {
  @Test func `No line of code is longer than a hundred columns`() throws {
    for file in try Repository.files(".swift", ".c", ".h", ".cpp", ".py") {
      let long = file.lines.enumerated().filter { $1.unicodeScalars.count > 100 }.map { $0.0 + 1 }
      #expect(long == [], "\(file.path)")
    }
  }

  @Test func `No file in Swift is longer than four hundred lines`() throws {
    for file in try Repository.files(".swift") {
      #expect(file.lines.count <= 401, "\(file.path)")
    }
  }

  @Test func `Nothing is left for later in the code`() throws {
    // In two parts, since this file is code too.
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    for file in try Repository.files(".swift", ".c", ".h", ".cpp", ".py", "Makefile") {
      for word in words { #expect(!file.text.contains(word), "\(word) in \(file.path)") }
    }
  }

  @Test func `Every file in Swift and C opens by saying what it is`() throws {
    for file in try Repository.files(".swift", ".c", ".h", ".cpp") {
      let opening = file.text.prefix { $0 != "\n" }
      #expect(opening.hasPrefix("//") || opening.hasPrefix("/*"), "\(file.path): \(opening)")
    }
  }

  @Test func `No path of somebody's machine is written down`() throws {
    let folders = ["/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/", "/opt/sw" + "ift", "/Us" + "ers/"]
    for file in try Repository.all() where !file.path.hasPrefix(".") {
      for folder in folders { #expect(!file.text.contains(folder), "\(folder) in \(file.path)") }
    }
  }

  @Test func `No line ends in a space, and every file ends with its last line`() throws {
    for file in try Repository.all() {
      let spaced = file.lines.enumerated().filter { $1.last?.isWhitespace == true }.map { $0.0 + 1 }
      #expect(spaced == [], "\(file.path)")
      #expect(file.text.isEmpty || file.text.hasSuffix("\n"), "\(file.path)")
      #expect(!file.text.hasSuffix("\n\n"), "\(file.path)")
    }
  }
}
