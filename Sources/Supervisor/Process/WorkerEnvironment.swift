// The environment of a process that runs a plugin. Pure: the caller says what this process's own
// is. Whatever the dynamic loader or Swift's runtime would do because of a variable, they do before
// a worker has changed its user; so nothing of it comes along that the operator did not ask for.

package import Control
package import Kernel

/// One `--env NAME` or `--env NAME=VALUE`.
package struct EnvironmentWord: Equatable, Sendable {
  package let name: String
  /// nil for the value that Portico itself has, if it has one.
  package let value: String?

  package init(name: String, value: String?) {
    self.name = name
    self.value = value
  }
}

/// What a worker or a probe finds in its environment.
package struct WorkerEnvironment: Equatable, Sendable {
  /// `NAME=VALUE` each: what the plugin and its children are to have.
  package let entries: [String]
  private let changesUser: Bool

  /// Of what Portico has, with `--user` only these: that user's plugin is not told what root has.
  private static let passedOn: Set<Substring> = ["PATH", "LANG", "TZ"]
  private static let backtrace = "SWIFT_BACKTRACE"

  /// `own` is this process's environment; `user` whom `--user` names, nil without it.
  package init(own: [String], user: Accounts.User?, adding words: [EnvironmentWord]) {
    var entries = ServiceEnvironment.withoutService(own).filter { entry in
      let name = Self.name(of: entry)
      guard name != "LD_LIBRARY_PATH" else { return false }
      return user == nil || Self.passedOn.contains(name) || name.hasPrefix("PORTICO_")
    }
    if let user {
      entries.append("HOME=\(user.home)")
      if !user.name.isEmpty { entries += ["USER=\(user.name)", "LOGNAME=\(user.name)"] }
    }
    for word in words {
      entries.removeAll { Self.name(of: $0) == word.name }
      if let value = word.value {
        entries.append("\(word.name)=\(value)")
      } else if let entry = own.first(where: { Self.name(of: $0) == word.name }) {
        entries.append(entry)
      }
    }
    self.entries = entries
    changesUser = user != nil
  }

  /// Those that the loader, the C library or Swift's runtime obey when a program starts (compare
  /// AT_SECURE in ld.so(8)): a worker that will change its user has them from then on, and not
  /// before, when they would decide what root runs.
  private static let obeyed: Set<Substring> = [
    "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH",
    "NIS_PATH", "NLSPATH", "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR",
  ]

  private func isLate(_ entry: String) -> Bool {
    let name = Self.name(of: entry)
    guard changesUser else { return false }
    return Self.obeyed.contains(name)
      || ["LD_", "MALLOC_", "SWIFT_"].contains { name.hasPrefix($0) }
  }

  /// For the start of the process: a crash must not stop at a debugger's prompt.
  package var forStart: [String] {
    entries.filter { Self.name(of: $0) != Self.backtrace && !isLate($0) }
      + ["\(Self.backtrace)=enable=no"]
  }

  /// What `forStart` changes, as it is to be before the plugin runs.
  package var restored: [WorkerConfiguration.Variable] {
    let late = entries.filter { isLate($0) && Self.name(of: $0) != Self.backtrace }
    return late.map { .init(name: String(Self.name(of: $0)), value: Self.value(of: $0)) } + [
      .init(name: Self.backtrace, value: value(Self.backtrace))
    ]
  }

  /// Where the operator wants libraries looked for as well: a list with colons.
  package var libraryPath: String { value("LD_LIBRARY_PATH") ?? "" }

  private func value(_ name: String) -> String? {
    entries.first { Self.name(of: $0) == name }.map(Self.value)
  }

  private static func value(of entry: String) -> String {
    String(entry.dropFirst(name(of: entry).utf8.count + 1))
  }

  private static func name(of entry: String) -> Substring { entry.prefix { $0 != "=" } }
}
