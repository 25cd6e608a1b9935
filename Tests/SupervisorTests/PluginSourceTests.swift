// Promise: what is copied of a plugin's file is one state of it, or nothing is; and a file that
// cannot be a plugin is never copied.

import Foundation
import Harness
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PluginSourceTests {
  /// The first bytes of this process's own libc, and so of a library for this machine.
  private static func header() throws -> Data {
    let maps = try ProcessView(getpid()).mappings()
    let library = try #require(
      maps.first { $0.contains("/libc.so.6") }?.split(separator: " ").last.map(String.init))
    return try Data(contentsOf: URL(fileURLWithPath: library)).prefix(64)
  }

  private static func file(of byteCount: UInt64, beginningWith start: Data) throws -> URL {
    let file = try Paths.newFolder().appending(path: "plugin.so")
    try start.write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: byteCount)
    try handle.close()
    return file
  }

  private static func refusal(of file: URL) -> String? {
    do throws(StartFailure) {
      _ = try PluginSource.open(file.path, trusting: .own(worker: nil))
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `A file is looked at before it is copied`() throws {
    let text = try Self.file(of: 3 << 30, beginningWith: Data("no library".utf8))
    #expect(Self.refusal(of: text)?.hasPrefix("\(text.path) is not a shared library") == true)
    var other = try Self.header()
    other[18] = 243
    other[19] = 0
    let foreign = try Self.file(of: 3 << 30, beginningWith: other)
    #expect(Self.refusal(of: foreign)?.contains("is built for RISC-V") == true)
    let empty = try Self.file(of: 0, beginningWith: Data())
    #expect(Self.refusal(of: empty) == "\(empty.path) is empty")
    let short = try Self.file(of: 63, beginningWith: Self.header())
    #expect(Self.refusal(of: short) == "\(short.path) is a truncated ELF file")
  }

  @Test func `A file of 1 GiB is the largest that is copied, whatever it occupies`() throws {
    let limit = UInt64(PluginSource.byteLimit)
    #expect(Self.refusal(of: try Self.file(of: limit, beginningWith: Self.header())) == nil)
    let larger = try Self.file(of: limit + 1, beginningWith: Self.header())
    #expect(
      Self.refusal(of: larger)
        == "the plugin \(larger.path) is too large: it has \(limit + 1) bytes, and at most 1 GiB "
        + "is loaded")
  }

  @Test(arguments: [-100, 0, 100])
  func `A file that is written to meanwhile is refused`(growth: Int) throws {
    let file = try Self.file(of: 4096, beginningWith: Self.header())
    let source = try PluginSource.open(file.path, trusting: .own(worker: nil))
    // Times of files are as fine as the clock's ticks.
    pause(for: .milliseconds(20))
    let handle = try FileHandle(forWritingTo: file)
    try handle.truncate(atOffset: UInt64(4096 + growth))
    try handle.seek(toOffset: 1000)
    try handle.write(contentsOf: Data("other bytes".utf8))
    try handle.close()
    do throws(StartFailure) {
      _ = try source.copy()
      Issue.record("a mixture was taken")
    } catch {
      #expect(error.description.contains("\(file.path) was written to while it was read"))
    }
  }

  @Test func `A file that is replaced meanwhile is copied as it was`() throws {
    let file = try Self.file(of: 5000, beginningWith: Self.header())
    let source = try PluginSource.open(file.path, trusting: .own(worker: nil))
    let next = try Self.file(of: 6000, beginningWith: Self.header())
    try FileManager.default.removeItem(at: file)
    try FileManager.default.moveItem(at: next, to: file)
    let image = try source.copy()
    #expect(image.file.byteCount == 5000)
    #expect(try image.file.read(at: 0, count: 64) == Array(Self.header()))
    let whole = try PluginImage.read(path: file.path, trusting: .own(worker: nil))
    #expect(whole.file.byteCount == 6000)
  }
}
