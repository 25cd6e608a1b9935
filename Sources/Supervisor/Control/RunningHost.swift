// Finding the hosts that run: their control sockets in the run folder, asked whether somebody is
// behind them. What was left behind by hosts that were killed is passed over.

internal import Kernel

/// A host that can be asked.
package struct RunningHost: Sendable {
  package let pid: Int32
  private let folder: OpenFolder
  private static let timeout = Duration.seconds(2)

  /// Its control socket.
  var path: String { folder.callPath(of: ControlSocket.name(pid: pid)) }

  /// All in a folder, or the one with that pid; at least one.
  ///
  /// `folder` is the value of `--run-dir`; without it the usual one is looked into. In a folder
  /// that one host has for itself others may still drain: then that one is meant.
  package static func find(
    in folder: String?, pid: Int32?
  ) throws(StartFailure) -> [RunningHost] {
    let path = try self.path(folder)
    guard let folder = try open(path) else { throw nobody(pid, in: path) }
    var hosts: [RunningHost] = []
    var foreign: [Int32] = []
    for candidate in ControlSocket.pids(in: folder) where pid == nil || candidate == pid {
      let host = RunningHost(pid: candidate, folder: folder)
      do throws(SystemError) {
        _ = try UnixConnection(to: host.path, within: timeout)
        hosts.append(host)
      } catch {
        switch error.code {
        case Code.notPermitted: foreign.append(candidate)
        // It runs, and has more to do than to take clients.
        case Code.wouldBlock: hosts.append(host)
        default: break
        }
      }
    }
    if hosts.count > 1, let owner = PidFile.pid(in: folder),
      let host = hosts.first(where: { $0.pid == owner })
    {
      return [host]
    }
    guard hosts.isEmpty else { return hosts }
    if let pid = foreign.first {
      throw StartFailure("only the owner of the Portico with pid \(pid) may control it")
    }
    throw nobody(pid, in: path)
  }

  private static func nobody(_ pid: Int32?, in path: String) -> StartFailure {
    let which = pid.map { "no Portico with pid \($0) is running" } ?? "no Portico is running"
    return StartFailure("\(which) (looked in \(path))")
  }

  private static func path(_ option: String?) throws(StartFailure) -> String {
    switch RunFolderRequest(option: option) {
    case .nowhere: throw StartFailure("--run-dir none is no folder to look for a Portico in")
    case .own(let path): return path
    case .standard:
      let path = RunFolderRequest.standardPath(
        userID: Accounts.current.user, variable: HostFacts.variable)
      guard let path else {
        throw StartFailure(
          "there is nowhere to look for a Portico: XDG_RUNTIME_DIR is not set; say where with "
            + "--run-dir")
      }
      return path
    }
  }

  /// A folder that is not there is an empty one; one that may not be looked into is neither.
  private static func open(_ path: String) throws(StartFailure) -> OpenFolder? {
    do throws(SystemError) {
      return try OpenFolder(following: path)
    } catch {
      guard error.code != Code.noSuchFile else { return nil }
      throw StartFailure("the folder \(path) cannot be looked into: \(error.reason)")
    }
  }

  /// Where it listens and what it serves, in its own words, for who has to choose.
  package var summary: String {
    let silence = "(does not answer)"
    guard var call = try? ControlCall(to: path, within: Self.timeout) else { return silence }
    call.send(.summary)
    guard case .reply(.ok(let text)) = call.next(within: Self.timeout) else { return silence }
    return text
  }

  /// errno values this file tells apart.
  private enum Code {
    static let noSuchFile: Int32 = 2  // ENOENT
    static let wouldBlock: Int32 = 11  // EWOULDBLOCK
    static let notPermitted: Int32 = 13  // EACCES
  }
}
