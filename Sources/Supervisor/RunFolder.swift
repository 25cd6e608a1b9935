// The folder that a running Portico can be found by. One that `--run-dir` names belongs to this
// host alone and holds `portico.pid`; the usual one is shared by the hosts of a user, must be safe
// from others, and is done without where it cannot be had: nobody is refused because of it. It is
// opened once, and what was opened is checked: whoever may write to it could put a socket or a file
// of their own in this host's place.

internal import Kernel

/// The open folder, and its pid file.
final class RunFolder {
  /// The folder.
  let folder: OpenFolder
  /// `--run-dir` named it: what does not work in it keeps the host from starting.
  let isRequired: Bool
  /// Who may own what is in it.
  let trust: PathTrust
  /// nil in a shared folder.
  private var pidFile: PidFile?

  /// The folder that was asked for, or nil for none. `warn` is told why the usual one is not used.
  static func open(
    _ request: RunFolderRequest, warn: (String) -> Void
  ) throws(StartFailure) -> RunFolder? {
    switch request {
    case .nowhere: return nil
    case .own(let path): return try RunFolder(own: path, warn: warn)
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
  private init(shared path: String) throws(StartFailure) {
    trust = .trusting(user: Accounts.current.user)
    folder = try Self.open(path, as: "the run folder \(path)", trust)
    isRequired = false
  }

  /// One of this host's own.
  private init(own path: String, warn: (String) -> Void) throws(StartFailure) {
    trust = .trusting(user: Accounts.current.user)
    folder = try Self.open(path, as: "the folder \(path) of --run-dir", trust)
    isRequired = true
    switch try PidFile.take(in: folder) {
    case .taken(let file): pidFile = file
    case .unusable(let why): throw StartFailure(why)
    case .heldBy(let pid):
      // Numbers of processes begin anew in each container: that is another host, and its folder.
      guard pid == "\(HostFacts.processID)" else {
        throw StartFailure("\(path) belongs to a Portico that is running (pid \(pid))")
      }
      warn("\(folder.path(of: PidFile.name)) belongs to a Portico in another container")
    }
  }

  /// The folder belongs to whoever comes next: this host takes no client any more.
  func letSuccessorIn() { pidFile?.letSuccessorIn() }

  /// Opens a folder, made where it is missing, and refuses one that others can change.
  private static func open(
    _ path: String, as name: String, _ trust: PathTrust
  ) throws(StartFailure) -> OpenFolder {
    let folder: OpenFolder
    let ownership: FileOwnership
    do throws(SystemError) {
      folder = try make(path, trust)
      ownership = try folder.ownership()
    } catch {
      if (try? FileOwnership(ofPath: path))?.kind == .link {
        let why = (try? trust.weakness(ofFile: path))?.sentence ?? error.reason
        throw StartFailure(
          "\(name) is a symbolic link that is not followed (\(why)): name the folder itself")
      }
      if error.call == "open", error.code == Code.notFolder {
        throw StartFailure("\(name) is not a folder: choose another path")
      }
      let what = error.call == "mkdir" ? "made" : "opened"
      throw StartFailure("\(name) cannot be \(what): \(error.reason)")
    }
    guard let writer = trust.writer(of: ownership) else { return folder }
    let weakness = PathTrust.Weakness(path: folder.path, writer: writer)
    let who =
      switch writer {
      case .owner(let user): "\(name) belongs to another user (\(user))"
      case .group(let group): "group \(group) may write to \(name)"
      case .everyone: "others may write to \(name)"
      }
    // In a sticky folder nobody else can take away what Portico makes there.
    let other =
      ownership.mode & 0o1000 != 0
      ? "name one in it that Portico makes, such as \(folder.path(of: "portico"))"
      : "choose another folder"
    throw StartFailure("\(who): `\(weakness.remedy(owner: trust.user))`, or \(other)")
  }

  /// Opens the folder itself. A link is followed only where nobody else can change where it leads,
  /// as where systemd keeps the folder of a dynamic user.
  private static func make(_ path: String, _ trust: PathTrust) throws(SystemError) -> OpenFolder {
    do throws(SystemError) {
      return try OpenFolder(makingIfMissing: path)
    } catch {
      guard (try? FileOwnership(ofPath: path))?.kind == .link,
        try trust.weakness(ofFile: path) == nil
      else { throw error }
      return try OpenFolder(following: path)
    }
  }

  private enum Code {
    static let notFolder: Int32 = 20  // ENOTDIR
  }
}
