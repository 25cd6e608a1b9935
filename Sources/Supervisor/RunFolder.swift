// The folder that a running Portico can be found by. One that `--run-dir` names belongs to this
// host alone and holds `portico.pid`, locked as long as the supervisor lives; the usual one is
// shared by the hosts of a user, must be safe from others, and is done without where it cannot be
// had: nobody is refused because of it.

internal import Kernel

/// Owns the pid file, and removes it at the end.
final class RunFolder {
  /// The folder.
  let folder: String
  /// `--run-dir` named it: what does not work in it keeps the host from starting.
  let isRequired: Bool
  private let pidFile: String?
  private let lock: Descriptor?

  /// The folder that was asked for, or nil for none. `warn` is told why the usual one is not used.
  static func open(
    _ request: RunFolderRequest, warn: (String) -> Void
  ) throws(StartFailure) -> RunFolder? {
    switch request {
    case .nowhere: return nil
    case .own(let folder): return try RunFolder(own: folder)
    case .standard:
      let remedy = "commands such as portico status will not find this host; --run-dir DIR helps"
      let path = RunFolderRequest.standardPath(
        userID: Accounts.current.user, variable: HostFacts.variable)
      guard let path else {
        warn("there is no run folder, since XDG_RUNTIME_DIR is not set: \(remedy)")
        return nil
      }
      do throws(StartFailure) {
        return try RunFolder(shared: path)
      } catch {
        warn("\(error): \(remedy)")
        return nil
      }
    }
  }

  /// One that this host shares with others of its user.
  private init(shared folder: String) throws(StartFailure) {
    let owner: Files.FolderOwner?
    do throws(SystemError) {
      try Files.makePrivateFolder(folder)
      owner = try Files.owner(ofFolder: folder)
    } catch {
      throw StartFailure("the run folder \(folder) cannot be made: \(error.reason)")
    }
    guard let owner else { throw StartFailure("the run folder \(folder) is not a folder") }
    guard owner.user == Accounts.current.user || owner.user == 0 else {
      throw StartFailure("the run folder \(folder) belongs to another user (\(owner.user))")
    }
    guard owner.mode & 0o022 == 0 else {
      throw StartFailure("others may write to the run folder \(folder)")
    }
    self.folder = folder
    isRequired = false
    pidFile = nil
    lock = nil
  }

  /// One of this host's own.
  private init(own folder: String) throws(StartFailure) {
    let path = "\(folder)/portico.pid"
    do throws(SystemError) {
      try Files.makePrivateFolder(folder)
    } catch {
      throw StartFailure("the folder \(folder) of --run-dir cannot be made: \(error.reason)")
    }
    // Whoever may write there could put a socket of their own in this host's place.
    if let owner = (try? Files.owner(ofFolder: folder)) ?? nil {
      let isOurs = owner.user == Accounts.current.user || owner.user == 0
      let isOpen = owner.mode & 0o002 != 0 && owner.mode & 0o1000 == 0
      guard isOurs, !isOpen else {
        throw StartFailure(
          "the folder \(folder) of --run-dir can be changed by others: it must belong to the user "
            + "who starts Portico; then `chmod o-w \(folder)`")
      }
    }
    do throws(SystemError) {
      let lock = try Files.openLocked(path)
      try lock.writeAllWaiting(Array("\(HostFacts.processID)\n".utf8))
      self.lock = consume lock
    } catch {
      guard error.code == Self.wouldBlock else {
        throw StartFailure("\(path) cannot be written: \(error.reason)")
      }
      let other = (try? Files.contents(of: path, limit: 32)) ?? []
      let pid = String(decoding: other.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      throw StartFailure("\(folder) belongs to a Portico that is running (pid \(pid))")
    }
    pidFile = path
    self.folder = folder
    isRequired = true
  }

  deinit {
    if let pidFile { Files.remove(pidFile) }
  }

  private static let wouldBlock: Int32 = 11  // EWOULDBLOCK
}
