// Promise: a plugin's copy gets another run path without harm to anything else, and no file,
// however odd, makes that trap or write outside of the copy.

internal import Foundation
internal import Harness
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct RunPathEditTests {
  private func make(_ bytes: [UInt8], _ runPath: String = "/srv/plugins:/opt") -> RunPathEdit? {
    unsafe bytes.withUnsafeBytes { unsafe RunPathEdit($0.bytes, runPath: runPath) }
  }

  private func applied(_ edit: RunPathEdit, to bytes: [UInt8]) -> [UInt8] {
    var new = [UInt8](repeating: 0, count: edit.byteCount)
    unsafe new.withUnsafeMutableBytes { new in
      unsafe bytes.withUnsafeBytes { unsafe edit.apply(to: new, from: $0) }
    }
    return new
  }

  private func image(_ bytes: [UInt8]) throws -> ELFImage {
    unsafe try bytes.withUnsafeBytes { raw in try unsafe ELFImage(raw.bytes) }
  }

  @Test(arguments: ["hooks", "crash", "forker", "Swift"])
  func `Names, needs and exports stay, and the run path is there`(name: String) throws {
    let url = name == "Swift" ? try Fixture.swift("swiftecho") : try Fixture.c(name)
    let bytes = try [UInt8](Data(contentsOf: url))
    let edit = try #require(make(bytes))
    let (old, new) = (try image(bytes), try image(applied(edit, to: bytes)))
    #expect(new.runPath == "/srv/plugins:/opt")
    #expect(new.needs == old.needs && new.exports == old.exports && new.isSwift == old.isSwift)
    // Once more, over the run path that it has now.
    let twice = applied(edit, to: bytes)
    let again = try #require(make(twice, "/x"))
    #expect(try image(applied(again, to: twice)).runPath == "/x")
  }

  @Test func `Whatever the file is, what is written lies in the copy`() throws {
    let bytes = try [UInt8](Data(contentsOf: Fixture.c("hooks")))
    var random = SystemRandomNumberGenerator()
    var madeCount = 0
    for _ in 0..<3000 {
      var odd = bytes
      // The headers and the dynamic section say where everything is.
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<min(odd.count, 1024), using: &random)
        odd[place] = [0, 1, 0x7F, 0xFF, UInt8.random(in: 0...255)].randomElement()!
      }
      if Bool.random() { odd.removeLast(Int.random(in: 0..<odd.count, using: &random)) }
      guard let edit = make(odd) else { continue }
      madeCount += 1
      #expect(edit.byteCount <= odd.count + (96 << 20))
      #expect(edit.moved.upperBound <= odd.count)
      #expect(edit.destination >= odd.count)
      #expect(edit.destination + edit.moved.count <= edit.byteCount)
      for write in edit.writes {
        #expect(write.offset >= 0 && write.offset + write.bytes.count <= edit.byteCount)
      }
    }
    #expect(madeCount > 100)
  }
}
