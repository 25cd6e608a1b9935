// Users and groups of this machine, by name. May block for as long as a directory service does:
// only before serving.

internal import CKernel
internal import Glibc

/// Looks up accounts.
public enum Accounts {
  /// What passwd(5) says of a user.
  public struct User: Equatable, Sendable {
    /// `uid`
    public var id: UInt32
    /// `gid`, of the group that it belongs to first.
    public var primaryGroup: UInt32
    /// Empty for a number that has no name.
    public var name: String
    /// Its folder; `/` where none is known.
    public var home: String

    /// As in passwd(5).
    public init(id: UInt32, primaryGroup: UInt32, name: String = "", home: String = "/") {
      self.id = id
      self.primaryGroup = primaryGroup
      self.name = name
      self.home = home
    }

    fileprivate init(_ account: ck_account) {
      id = account.user
      primaryGroup = account.group
      name = unsafe withUnsafeBytes(of: account.name, Self.text)
      let folder = unsafe withUnsafeBytes(of: account.home, Self.text)
      home = folder.isEmpty ? "/" : folder
    }

    /// Up to the first NUL.
    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  // SAFETY, for each name passed to a call here: it is kept alive for the call; numbers are written
  // to variables of this function.

  /// nil when there is no such user.
  public static func user(named name: String) throws(SystemError) -> User? {
    var account = ck_account()
    // SAFETY: the name is valid during the call, and the account is written.
    let result = unsafe name.withCString { unsafe ck_find_user($0, 0, &account) }
    return try SystemError.check("getpwnam", result) == 1 ? User(account) : nil
  }

  /// nil when no name belongs to this number.
  public static func user(id: UInt32) throws(SystemError) -> User? {
    var account = ck_account()
    let result = unsafe ck_find_user(nil, id, &account)
    return try SystemError.check("getpwuid", result) == 1 ? User(account) : nil
  }

  /// A group's number, or nil when there is no such group.
  public static func group(named name: String) throws(SystemError) -> UInt32? {
    var group: UInt32 = 0
    let result = unsafe name.withCString { unsafe ck_find_group($0, &group) }
    return try SystemError.check("getgrnam", result) == 1 ? group : nil
  }

  /// The user and group that this process acts as.
  public static var current: (user: UInt32, group: UInt32) { (geteuid(), getegid()) }
}
