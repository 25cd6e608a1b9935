// Which files only root and one user can change: the rule for the run folder and for plugins. A
// path is walked as the kernel walks it, link by link, because whoever may change a folder on the
// way decides where the path leads.

internal import CKernel
internal import Glibc

/// Who else than root and one user may change a path.
public struct PathTrust: Sendable {
  /// Somebody who may change a file or what lies in a folder.
  public enum Writer: Equatable, Sendable {
    /// It belongs to that user.
    case owner(UInt32)
    /// The members of that group.
    case group(UInt32)
    /// Everybody.
    case everyone
  }

  /// A path that somebody else may change, in words for an operator.
  public struct Weakness: Equatable, Sendable {
    /// The file or folder, or the link that leads on.
    public let path: String
    /// Who.
    public let writer: Writer

    /// Names a path and who may change it.
    public init(path: String, writer: Writer) {
      self.path = path
      self.writer = writer
    }

    /// `group 100 may write to /srv/plugins`
    public var sentence: String {
      switch writer {
      case .owner(let user): "\(path) belongs to another user (\(user))"
      case .group(let group): "group \(group) may write to \(path)"
      case .everyone: "everybody may write to \(path)"
      }
    }

    /// The command that mends it: `chmod g-w /srv/plugins`. `user` is who should own the file.
    public func remedy(owner user: UInt32) -> String {
      switch writer {
      case .owner: "chown -h \(user) \(Self.quoted(path))"
      case .group: "chmod g-w \(Self.quoted(path))"
      case .everyone: "chmod go-w \(Self.quoted(path))"
      }
    }

    /// For a shell: a path is what somebody else has named a folder.
    private static func quoted(_ path: String) -> String {
      let isPlain = path.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "/._-+@%:,".utf8.contains($0)
        }
      }
      guard !isPlain else { return path }
      // No backslash, which a terminal is shown twice.
      let parts = path.split(separator: "'", omittingEmptySubsequences: false)
      return "'" + parts.joined(separator: "'\"'\"'") + "'"
    }
  }

  /// Trusted beside root.
  public let user: UInt32
  /// And these.
  private let others: Set<UInt32>
  private let isPrivate: @Sendable (UInt32) -> Bool

  /// Trusts root, a user, and the groups of which `isPrivate` says that nobody else is a member.
  public init(
    user: UInt32, and others: Set<UInt32> = [],
    isPrivate: @escaping @Sendable (UInt32) -> Bool = { _ in false }
  ) {
    self.user = user
    self.others = others
    self.isPrivate = isPrivate
  }

  /// Trusts the user's private group as well: that of the user's own name, without other members.
  ///
  /// It is looked up only where a group may write; that may block for as long as a directory
  /// service does.
  public static func trusting(user: UInt32, and others: Set<UInt32> = []) -> PathTrust {
    PathTrust(user: user, and: others) { group in
      others.union([user, 0]).contains { ck_is_private_group(group, $0) == 1 }
    }
  }

  /// Whoever can change everything anyway: the owner of `/`, which in a namespace of users need not
  /// be number 0.
  public static var ownersOfSystem: Set<UInt32> {
    (try? FileOwnership(ofPath: "/")).map { [$0.user] } ?? []
  }

  /// Who else may change a file, or what lies in a folder; nil for nobody.
  ///
  /// With `stickyProtects`, others may write to a sticky folder: they can put files there, but
  /// neither remove nor rename those of anybody else. A link has no mode, only an owner.
  public func writer(of file: FileOwnership, stickyProtects: Bool = false) -> Writer? {
    guard file.user == 0 || file.user == user || others.contains(file.user) else {
      return .owner(file.user)
    }
    if file.kind == .link { return nil }
    if stickyProtects, file.kind == .folder, file.mode & Self.sticky != 0 { return nil }
    if file.mode & Self.writableByOthers != 0 { return .everyone }
    guard file.mode & Self.writableByGroup != 0 else { return nil }
    // With an access list these bits tell of everybody in it, not of the group alone.
    return !file.hasAccessList && isPrivate(file.group) ? nil : .group(file.group)
  }

  /// The first path on the way to a file that somebody else may change; nil when there is none.
  ///
  /// Looks at the file, the folder it lies in (where a sticky bit does not count, since others can
  /// put files there), and the folders and links above, where it does. Throws where the path leads
  /// nowhere.
  public func weakness(ofFile path: String) throws(SystemError) -> Weakness? {
    var rest = Self.parts(path.hasPrefix("/") ? path : "\(Files.currentFolder())/\(path)")
    var (folder, linkCount) = ("", 0)
    while let name = rest.popLast() {
      if name == ".." {
        // No link is left in it, so the text tells.
        folder = String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex))
        continue
      }
      let holder = folder.isEmpty ? "/" : folder
      if let weakness = try weakness(at: holder, stickyProtects: !rest.isEmpty) { return weakness }
      let next = "\(folder)/\(name)"
      let ownership = try FileOwnership(ofPath: next)
      if ownership.kind == .link {
        if let writer = writer(of: ownership) { return Weakness(path: next, writer: writer) }
        linkCount += 1
        guard linkCount <= Self.linkLimit, let target = Files.linkTarget(of: next) else {
          throw SystemError("open", code: ELOOP)
        }
        rest += Self.parts(target)
        if target.hasPrefix("/") { folder = "" }
      } else if rest.isEmpty {
        return writer(of: ownership).map { Weakness(path: next, writer: $0) }
      } else {
        folder = next
      }
    }
    return try weakness(at: folder.isEmpty ? "/" : folder, stickyProtects: false)
  }

  private func weakness(
    at folder: String, stickyProtects: Bool
  ) throws(SystemError) -> Weakness? {
    writer(of: try FileOwnership(ofPath: folder), stickyProtects: stickyProtects)
      .map { Weakness(path: folder, writer: $0) }
  }

  /// The last one first.
  private static func parts(_ path: String) -> [Substring] {
    path.split(separator: "/").filter { $0 != "." }.reversed()
  }

  private static let linkLimit = 40
  private static let sticky: UInt32 = 0o1000
  private static let writableByGroup: UInt32 = 0o020
  private static let writableByOthers: UInt32 = 0o002
}
