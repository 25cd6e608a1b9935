// Whose a file is and who may write to it, as the kernel says.

internal import CKernel

/// The owner and the mode of a file, a folder or a symbolic link.
public struct FileOwnership: Equatable, Sendable {
  /// What it is; a link is not followed.
  public enum Kind: Equatable, Sendable {
    case regular, folder, link, other
  }

  /// What it is.
  public var kind: Kind
  /// Its user's number.
  public var user: UInt32
  /// Its group's number.
  public var group: UInt32
  /// As chmod(1) has it, with set-user-ID and sticky bit.
  public var mode: UInt32
  /// How many names it has.
  public var linkCount: UInt32
  /// It has an access list (acl(5)): the mode's group bits are the most that anybody in it has.
  public var hasAccessList: Bool

  /// Of a file with one name and no access list.
  public init(kind: Kind, user: UInt32, group: UInt32, mode: UInt32) {
    self.kind = kind
    self.user = user
    self.group = group
    self.mode = mode
    linkCount = 1
    hasAccessList = false
  }

  private init(_ facts: ck_ownership) {
    kind =
      switch facts.kind {
      case CK_KIND_REGULAR.rawValue: .regular
      case CK_KIND_FOLDER.rawValue: .folder
      case CK_KIND_LINK.rawValue: .link
      default: .other
      }
    user = facts.user
    group = facts.group
    mode = facts.mode
    linkCount = facts.links
    hasAccessList = facts.has_access_list != 0
  }

  /// Of what lies at a path; a link there is not followed.
  public init(ofPath path: String) throws(SystemError) {
    var facts = ck_ownership()
    // SAFETY: the path is kept alive for the call, which writes only to `facts`.
    try SystemError.check("lstat", unsafe ck_ownership_at(path, &facts))
    self.init(facts)
  }

  /// Of what is open.
  public init(of descriptor: borrowing Descriptor) throws(SystemError) {
    var facts = ck_ownership()
    // SAFETY: the call writes only to `facts`.
    try SystemError.check("fstat", unsafe ck_ownership_of(descriptor.rawValue, &facts))
    self.init(facts)
  }
}
