// Finding the hosts that run: their control sockets in the run folder, asked whether somebody is
// behind them. What was left behind by hosts that were killed is passed over.

internal import Kernel

/// A host that can be asked.
package struct RunningHost: Equatable, Sendable {
  package let pid: Int32
  let path: String
  private static let timeout = Duration.seconds(2)

  /// All in a folder, or the one with that pid; at least one.
  ///
  /// `folder` is the value of `--run-dir`; without it the usual one is looked into.
  package static func find(
    in folder: String?, pid: Int32?
  ) throws(StartFailure) -> [RunningHost] {
    let folder = try self.folder(folder)
    var hosts: [RunningHost] = []
    var foreign: [Int32] = []
    for candidate in ControlSocket.pids(in: folder) where pid == nil || candidate == pid {
      let host = RunningHost(
        pid: candidate, path: ControlSocket.path(pid: candidate, in: folder))
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
    guard hosts.isEmpty else { return hosts }
    if let pid = foreign.first {
      throw StartFailure("only the owner of the Portico with pid \(pid) may control it")
    }
    let which = pid.map { "no Portico with pid \($0) is running" } ?? "no Portico is running"
    throw StartFailure("\(which) (looked in \(folder))")
  }

  private static func folder(_ option: String?) throws(StartFailure) -> String {
    switch RunFolderRequest(option: option) {
    case .nowhere: throw StartFailure("--run-dir none is no folder to look for a Portico in")
    case .own(let folder): return try readable(folder)
    case .standard:
      let path = RunFolderRequest.standardPath(
        userID: Accounts.current.user, variable: HostFacts.variable)
      guard let path else {
        throw StartFailure(
          "there is nowhere to look for a Portico: XDG_RUNTIME_DIR is not set; say where with "
            + "--run-dir")
      }
      return try readable(path)
    }
  }

  /// A folder that is not there is an empty one; one that may not be looked into is neither.
  private static func readable(_ folder: String) throws(StartFailure) -> String {
    do throws(SystemError) {
      _ = try Files.openReading(folder)
    } catch {
      guard error.code == Code.noSuchFile else {
        throw StartFailure("the folder \(folder) cannot be looked into: \(error.reason)")
      }
    }
    return folder
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
