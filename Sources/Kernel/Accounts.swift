// Users and groups of this machine, by name. May block for as long as a directory service does:
// only before serving.

internal import CKernel
internal import Glibc

/// Looks up accounts.
public enum Accounts {
  /// A user's number and the number of the group it belongs to first.
  public struct User: Equatable, Sendable {
    /// `uid`
    public var id: UInt32
    /// `gid`
    public var primaryGroup: UInt32

    /// Both numbers, as in passwd(5).
    public init(id: UInt32, primaryGroup: UInt32) {
      self.id = id
      self.primaryGroup = primaryGroup
    }
  }

  // SAFETY, for each name passed to a call here: it is kept alive for the call; numbers are written
  // to variables of this function.

  /// nil when there is no such user.
  public static func user(named name: String) throws(SystemError) -> User? {
    var user = User(id: 0, primaryGroup: 0)
    // SAFETY: the name is valid during the call, and two numbers are written.
    let result = unsafe name.withCString {
      unsafe ck_find_user($0, 0, &user.id, &user.primaryGroup)
    }
    return try SystemError.check("getpwnam", result) == 1 ? user : nil
  }

  /// nil when no name belongs to this number.
  public static func user(id: UInt32) throws(SystemError) -> User? {
    var user = User(id: 0, primaryGroup: 0)
    let result = unsafe ck_find_user(nil, id, &user.id, &user.primaryGroup)
    return try SystemError.check("getpwuid", result) == 1 ? user : nil
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
