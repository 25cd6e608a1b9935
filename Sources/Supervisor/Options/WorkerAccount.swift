// Whom workers run as: `--user` and `--group`, as numbers. Only they change; the supervisor stays
// what it was started as, since it binds ports and makes files.

package import Kernel

/// The numbers that a worker takes on before it loads its plugin; nil for what it is already.
package struct WorkerAccount: Equatable, Sendable {
  package var userID: UInt32?
  package var groupID: UInt32?

  package init(userID: UInt32? = nil, groupID: UInt32? = nil) {
    self.userID = userID
    self.groupID = groupID
  }

  /// What this machine knows; a test puts something else in its place.
  package struct Directory {
    package var userNamed: (String) throws(SystemError) -> Accounts.User?
    package var userWithID: (UInt32) throws(SystemError) -> Accounts.User?
    package var groupNamed: (String) throws(SystemError) -> UInt32?
    /// Who this process is.
    package var current: (user: UInt32, group: UInt32)

    package init(
      userNamed: @escaping (String) throws(SystemError) -> Accounts.User?,
      userWithID: @escaping (UInt32) throws(SystemError) -> Accounts.User?,
      groupNamed: @escaping (String) throws(SystemError) -> UInt32?,
      current: (user: UInt32, group: UInt32)
    ) {
      self.userNamed = userNamed
      self.userWithID = userWithID
      self.groupNamed = groupNamed
      self.current = current
    }

    package static var machine: Directory {
      Directory(
        userNamed: Accounts.user(named:), userWithID: Accounts.user(id:),
        groupNamed: Accounts.group(named:), current: Accounts.current)
    }
  }

  /// Names and numbers as they were given. Without a group it is the user's first one.
  package static func resolve(
    user: String?, group: String?, in directory: Directory = .machine
  ) throws(StartFailure) -> WorkerAccount {
    var account = WorkerAccount()
    if let user {
      let found = try self.user(user, in: directory)
      (account.userID, account.groupID) = (found.id, found.primaryGroup)
    }
    if let group { account.groupID = try self.group(group, in: directory) }
    let current = directory.current
    // Root's workers always change, so that groups that root was started with go too.
    guard current.user != 0 else { return account }
    let isSameUser = user == nil || account.userID == current.user
    let isSameGroup = group == nil || account.groupID == current.group
    guard isSameUser, isSameGroup else {
      let option = user != nil ? "--user" : "--group"
      throw StartFailure("only root can start workers as somebody else: leave out \(option)")
    }
    return WorkerAccount()
  }

  /// Whom a name or a number of `--user` means.
  package static func user(
    _ word: String, in directory: Directory = .machine
  ) throws(StartFailure) -> Accounts.User {
    do throws(SystemError) {
      if let id = number(word) {
        return try directory.userWithID(id) ?? Accounts.User(id: id, primaryGroup: id)
      }
      if let user = try directory.userNamed(word) { return user }
    } catch {
      throw StartFailure("the user \(word) of --user cannot be looked up: \(error)")
    }
    throw StartFailure("there is no user \(word), which --user names")
  }

  private static func group(
    _ word: String, in directory: Directory
  ) throws(StartFailure) -> UInt32 {
    do throws(SystemError) {
      if let id = number(word) { return id }
      if let id = try directory.groupNamed(word) { return id }
    } catch {
      throw StartFailure("the group \(word) of --group cannot be looked up: \(error)")
    }
    throw StartFailure("there is no group \(word), which --group names")
  }

  /// The largest number means "nobody's" to the kernel.
  private static func number(_ word: String) -> UInt32? {
    guard let number = Int(unsignedDigits: word), let id = UInt32(exactly: number), id < .max else {
      return nil
    }
    return id
  }
}
