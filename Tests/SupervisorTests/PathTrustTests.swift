// Promise: a path is trusted only when nobody but root and one user can change it, or where it
// leads.

import Foundation
import Kernel
import Testing

@Suite(.timeLimit(.minutes(3)))
final class PathTrustTests {
  private let trust = PathTrust(user: 1000) { $0 == 1000 }
  private let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/portico-trust-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: root + "/a/b", withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: root + "/a/b/file"))
    for name in ["", "/a", "/a/b"] { _ = unsafe chmod(root + name, 0o755) }
    _ = unsafe chmod(root + "/a/b/file", 0o644)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private func folder(
    _ mode: UInt32, user: UInt32 = 1000, group: UInt32 = 1000
  ) -> FileOwnership {
    FileOwnership(kind: .folder, user: user, group: group, mode: mode)
  }

  /// What a walk to the path finds, for the user who runs this.
  private func weakness(_ path: String) throws -> PathTrust.Weakness? {
    try PathTrust(user: geteuid()).weakness(ofFile: path)
  }

  @Test func `Root and the user are trusted, and nobody else`() {
    #expect(trust.writer(of: folder(0o755)) == nil)
    #expect(trust.writer(of: folder(0o700, user: 0)) == nil)
    #expect(trust.writer(of: folder(0o700, user: 1001)) == .owner(1001))
    let root = PathTrust(user: 0)
    #expect(root.writer(of: folder(0o700, user: 1000)) == .owner(1000))
  }

  @Test func `A group counts unless nobody else is a member of it`() {
    #expect(trust.writer(of: folder(0o775)) == nil)
    #expect(trust.writer(of: folder(0o775, group: 100)) == .group(100))
    #expect(trust.writer(of: folder(0o2775, user: 0, group: 100)) == .group(100))
    #expect(trust.writer(of: folder(0o777)) == .everyone)
    #expect(PathTrust(user: 1000).writer(of: folder(0o775)) == .group(1000))
    var shared = folder(0o775)
    shared.hasAccessList = true
    #expect(trust.writer(of: shared) == .group(1000), "the list may name anybody")
    shared.mode = 0o755
    #expect(trust.writer(of: shared) == nil)
  }

  @Test func `A sticky bit protects what is in a folder, and only if that is asked`() {
    let sticky = folder(0o1777, user: 0)
    #expect(trust.writer(of: sticky) == .everyone)
    #expect(trust.writer(of: sticky, stickyProtects: true) == nil)
    let foreign = folder(0o1777, user: 1001)
    #expect(trust.writer(of: foreign, stickyProtects: true) == .owner(1001))
    let file = FileOwnership(kind: .regular, user: 1000, group: 1000, mode: 0o1666)
    #expect(trust.writer(of: file, stickyProtects: true) == .everyone)
    let link = FileOwnership(kind: .link, user: 1000, group: 1000, mode: 0o777)
    #expect(trust.writer(of: link) == nil)
  }

  @Test func `Each folder on the way to a file is looked at`() throws {
    let file = root + "/a/b/file"
    #expect(try weakness(file) == nil)
    #expect(try weakness(root + "/a/./b/../b//file") == nil)
    for (path, mode) in [(file, 0o646), (root + "/a/b", 0o757), (root + "/a", 0o757)] {
      _ = unsafe chmod(path, mode_t(mode))
      #expect(try weakness(file) == .init(path: path, writer: .everyone))
      _ = unsafe chmod(path, 0o755)
    }
    _ = unsafe chmod(file, 0o664)
    #expect(try weakness(file)?.writer == .group(try FileOwnership(ofPath: file).group))
    _ = unsafe chmod(file, 0o644)
    // In the folder itself others could put a library there; above, they can do nothing.
    _ = unsafe chmod(root + "/a/b", 0o1777)
    #expect(try weakness(file) == .init(path: root + "/a/b", writer: .everyone))
    _ = unsafe chmod(root + "/a/b", 0o755)
    _ = unsafe chmod(root + "/a", 0o1777)
    #expect(try weakness(file) == nil)
  }

  @Test func `A link is followed, and so is who may change it`() throws {
    let open = root + "/open"
    _ = unsafe mkdir(open, 0o755)
    _ = unsafe symlink("../a/b", open + "/b")
    _ = unsafe symlink(root + "/open/b/file", root + "/link")
    #expect(try weakness(root + "/link") == nil)
    _ = unsafe chmod(open, 0o757)
    #expect(try weakness(root + "/link") == .init(path: open, writer: .everyone))
    _ = unsafe chmod(open, 0o1757)
    #expect(try weakness(root + "/link") == nil, "nobody else can rename the link in it")
    if geteuid() == 0 {
      _ = unsafe lchown(open + "/b", 65534, 65534)
      #expect(try weakness(root + "/link") == .init(path: open + "/b", writer: .owner(65534)))
      _ = unsafe lchown(open + "/b", 0, 0)
    }
    _ = unsafe symlink("loop", root + "/loop")
    #expect(throws: SystemError("open", code: ELOOP)) { try weakness(root + "/loop") }
    #expect(throws: SystemError("lstat", code: ENOENT)) { try weakness(root + "/a/none") }
    #expect(throws: SystemError("lstat", code: ENOTDIR)) { try weakness(root + "/link/x") }
  }

  @Test func `The account says whether a group is private`() throws {
    // A group that everybody belongs to first has an empty list of members as well.
    let users = folder(0o775, user: 0, group: 100)
    #expect(PathTrust.trusting(user: 0).writer(of: users) == .group(100))
    let nameless: UInt32 = 4_000_000_000
    let own = folder(0o775, user: nameless, group: nameless)
    #expect(PathTrust.trusting(user: nameless).writer(of: own) == .group(nameless))
    // Root's own group has root's name and, unless somebody was made a member, nobody else in it.
    let group = try String(contentsOfFile: "/etc/group", encoding: .utf8)
    let isPrivate = group.split(separator: "\n").contains { $0 == "root:x:0:" }
    let root = folder(0o775, user: 0, group: 0)
    #expect(PathTrust.trusting(user: 0).writer(of: root) == (isPrivate ? nil : .group(0)))
  }

  @Test func `A sentence names the path, who may change it and the remedy`() {
    let weakness = PathTrust.Weakness(path: "/p/x", writer: .group(50))
    #expect(weakness.sentence == "group 50 may write to /p/x")
    #expect(weakness.remedy(owner: 0) == "chmod g-w /p/x")
    let foreign = PathTrust.Weakness(path: "/p/x", writer: .owner(7))
    #expect(foreign.sentence == "/p/x belongs to another user (7)")
    #expect(foreign.remedy(owner: 0) == "chown -h 0 /p/x")
  }
}
