// Promise: crash files are whole, few, small and their owner's; and whatever else lies in their
// folder stays there.

import Control
import Foundation
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3)))
struct CrashFolderTests {
  private static let second_ns: UInt64 = 1_000_000_000
  private static let now_ns: UInt64 = 1_795_406_706_123_456_789

  private let parent = FileManager.default.temporaryDirectory
    .appending(path: "portico-crashes-\(UUID().uuidString)").path
  private var path: String { parent + "/crashes" }

  private func withFolder(
    fileCount: Int = CrashFolder.fileCount, byteCount: Int? = CrashFolder.inputByteCount,
    _ body: (CrashFolder) throws -> Void
  ) throws {
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let trust = PathTrust(user: Accounts.current.user)
    try body(
      CrashFolder(
        in: OpenFolder(parent), trust: trust, fileCount: fileCount, inputByteCount: byteCount))
  }

  private func refusal(_ folder: CrashFolder) -> String {
    do throws(StartFailure) {
      return "written to " + (try folder.write(report()))
    } catch {
      return error.description
    }
  }

  private func report(second: UInt64 = 0) -> CrashReport {
    var report = CrashReport()
    (report.time_ns, report.pid) = (Self.now_ns + second * Self.second_ns, 77)
    (report.handler, report.pluginPath) = ("crash 1.0", "/p/crash.so")
    return report
  }

  private func mode(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
  }

  @Test func `A folder that is a file, a link or others' is an error, and nothing is left`() throws
  {
    try withFolder { folder in
      try Data("mine".utf8).write(to: URL(filePath: path))
      #expect(refusal(folder) == "it is a symbolic link or a file: remove it")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
      _ = unsafe unlink(path)
      _ = unsafe mkdir(parent + "/open", 0o700)
      _ = unsafe symlink("open", path)
      #expect(refusal(folder) == "it is a symbolic link or a file: remove it")
      #expect(Files.names(in: parent + "/open") == [])
      _ = unsafe unlink(path)
      for mode: mode_t in [0o777, 0o1777, 0o770] {
        _ = unsafe mkdir(path, mode)
        _ = unsafe chmod(path, mode)
        #expect(refusal(folder) == "others may write to it: `chmod go-w \(path)`")
        #expect(Files.names(in: path) == [])
        _ = unsafe rmdir(path)
      }
      if geteuid() == 0 {
        _ = unsafe mkdir(path, 0o700)
        _ = unsafe chown(path, 12345, 12345)
        #expect(refusal(folder) == "it belongs to another user (12345)")
      }
    }
  }

  @Test func `As many files are kept as are asked for`() throws {
    try withFolder(fileCount: 2) { folder in
      for second in 0..<5 { _ = try folder.write(report(second: UInt64(second))) }
      #expect(Files.names(in: path).count == 2)
    }
  }

  @Test func `Without a client's bytes a file has the facts, and says how many there were`() throws
  {
    try withFolder(byteCount: nil) { folder in
      var secret = report()
      (secret.connection, secret.isInCall, secret.hook) = (7, true, "handle")
      secret.input = [Array("pass".utf8), Array("word".utf8)]
      let text = try Files.contents(of: folder.write(secret), limit: .max)
      for part in ["pass", "word"] {
        #expect(!String(decoding: text, as: UTF8.self).contains(part))
      }
      let kept = try CrashReport(parsing: text)
      #expect(kept.leftOutByteCount == 8 && kept.input == [] && kept.isInCall)
      #expect(
        kept.reasonNotToReplay
          == "the 8 bytes that the client sent were left out of the file (--crash-bytes none)")
      secret.input = []
      secret.isInCall = false
      let other = try CrashReport(
        parsing: Files.contents(of: folder.write(secret), limit: .max))
      #expect(other.leftOutByteCount == nil && other.reasonNotToReplay == nil)
    }
  }

  @Test func `The least size of a file's bytes leaves some of them`() throws {
    try withFolder(byteCount: 64) { folder in
      var large = report()
      (large.input, large.isInCall) = ([[UInt8](repeating: 0xFF, count: 1000)], true)
      let kept = try CrashReport(parsing: Files.contents(of: folder.write(large), limit: .max))
      #expect(kept.input == [[UInt8](repeating: 0xFF, count: 16)] && kept.cutByteCount == 984)
    }
  }

  @Test func `Only its owner can read it, and it comes back`() throws {
    try withFolder { folder in
      let file = try folder.write(report())
      #expect(file == path + "/crash-20261123T040506.123Z-77.txt")
      #expect(try mode(path) == 0o700)
      #expect(try mode(file) == 0o600)
      let text = try Files.contents(of: file, limit: .max)
      #expect(try CrashReport(parsing: text) == report())
    }
  }

  @Test func `A link that somebody put there is not followed`() throws {
    try withFolder { folder in
      _ = try folder.write(report(second: 9))
      let (target, name) = (parent + "/target", "crash-20261123T040506.123Z-77.txt")
      try FileManager.default.createSymbolicLink(
        atPath: path + "/" + name, withDestinationPath: target)
      try FileManager.default.createSymbolicLink(
        atPath: path + "/." + name + ".new", withDestinationPath: target)
      let file = try folder.write(report())
      #expect(file.hasSuffix("-77-2.txt"))
      #expect(Files.kind(of: target) == nil)
    }
  }

  @Test func `The oldest go, and what is not ours stays`() throws {
    try withFolder { folder in
      _ = try folder.write(report())
      let others = [
        ".crash-20261123T040506.124Z-1.txt.new", "crash-20261123T040506.123Z-.txt",
        "crash-20261123T040506.123Z-7.txt.bak", "crash-2026.txt", "crash-notes.txt", "notes",
        "crash-20001123T040506.123Z-7x.txt",
      ]
      let leftOver = ".crash-20261123T020506.123Z-1.txt.new"
      for name in others + [leftOver] { try Data().write(to: URL(filePath: path + "/" + name)) }
      for second in (1...99).shuffled() { _ = try folder.write(report(second: UInt64(second))) }
      let names = Set(Files.names(in: path))
      #expect(names.isSuperset(of: others))
      #expect(!names.contains(leftOver))
      #expect(names.count == others.count + CrashFolder.fileCount)
      // The clock may be set back: what was written last is there all the same.
      let late = try folder.write(report())
      #expect(Files.kind(of: late) == .regular)
      #expect(Files.names(in: path).count == names.count)
    }
  }

  @Test func `A file is bounded, and says what is missing`() throws {
    try withFolder { folder in
      var large = report()
      large.input = (0..<6).map { [UInt8](repeating: UInt8($0) | 0x80, count: 400_000) }
      large.isInCall = true
      large.missingByteCount = 5
      let file = try folder.write(large)
      let kept = try CrashReport(parsing: Files.contents(of: file, limit: .max))
      #expect(kept.input == large.input.suffix(3))
      let missing: UInt64 = 5 + 3 * 400_000
      #expect(kept.missingByteCount == missing)
      #expect(kept.cutByteCount == 0)

      large.input.append([UInt8](repeating: 0xFF, count: 9 << 20))
      large.handler = String(repeating: "\u{1B}", count: 1 << 20)
      large.frames = Array(repeating: large.handler, count: 1000)
      large.settings = Array(repeating: .init(key: "k", value: large.handler), count: 9)
      let worst = try folder.write(large)
      let bytes = try Files.contents(of: worst, limit: .max)
      #expect(bytes.count < CrashReport.maximumByteCount)
      let rest = try CrashReport(parsing: bytes)
      #expect(rest.input.count == 1 && rest.isInCall)
      #expect(rest.cutByteCount + UInt64(rest.input[0].count) == 9 << 20)
      let all: UInt64 = 5 + 6 * 400_000
      #expect(rest.missingByteCount == all)
      #expect(rest.missingSettingCount == 9)
    }
  }
}
