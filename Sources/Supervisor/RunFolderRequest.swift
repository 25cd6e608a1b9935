// Which folder a host may be found by: `--run-dir`, or else where the variable PORTICO_RUN_DIR or
// the system's conventions say. Pure: the environment and the user come in, a path goes out.

/// What `--run-dir` was given.
package enum RunFolderRequest: Equatable, Sendable {
  /// Nothing: a folder that all hosts of a user share.
  case standard
  /// `none`: nothing is written, and nobody can control this host.
  case nowhere
  /// A folder of this host's own.
  case own(String)

  /// From the option's value.
  package init(option: String?) {
    switch option {
    case nil: self = .standard
    case "none"?: self = .nowhere
    case .some(let path): self = .own(path)
    }
  }

  /// Where the hosts of a user can be found unless they were told otherwise; nil for a user who has
  /// no such place.
  package static func standardPath(userID: UInt32, variable: (String) -> String?) -> String? {
    if let path = variable("PORTICO_RUN_DIR"), !path.isEmpty { return path }
    if userID == 0 { return "/run/portico" }
    // A path that is not absolute is to be ignored, as the specification of that variable says.
    guard let folder = variable("XDG_RUNTIME_DIR"), folder.hasPrefix("/") else { return nil }
    return "\(folder)/portico"
  }
}
