// What a service manager says in the environment of whoever it starts: sd_notify(3),
// sd_watchdog_enabled(3), sd_listen_fds(3). Pure; it is meant for this process alone, so no child
// gets any of it.

internal import Kernel

/// The variables of a service manager, understood.
package struct ServiceEnvironment: Equatable, Sendable {
  /// Where notices go; a path, or a name behind an @.
  package private(set) var notifyAddress: String?
  /// The process is killed when it has been silent for so long.
  package private(set) var watchdogTime: Duration?
  /// The name of each descriptor from 3 on.
  package private(set) var socketNames: [String] = []

  private static let variables: Set<Substring> = [
    "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS",
    "LISTEN_FDNAMES", "LISTEN_PIDFDID",
  ]

  /// More than any unit has; a number beyond it is a mistake.
  private static let maximumSocketCount = 1024

  /// What no manager has started.
  package init() {}

  /// `NAME=VALUE` each, for the process `pid`.
  package init(_ entries: [String], pid: Int32) {
    var values: [Substring: Substring] = [:]
    for entry in entries {
      let name = entry.prefix { $0 != "=" }
      if Self.variables.contains(name) { values[name] = entry.dropFirst(name.count + 1) }
    }
    if let address = values["NOTIFY_SOCKET"], !address.isEmpty { notifyAddress = String(address) }
    func number(_ name: Substring) -> Int? { values[name].flatMap { Int(unsignedDigits: $0) } }
    let isWatched = values["WATCHDOG_PID"] == nil || number("WATCHDOG_PID") == Int(pid)
    if isWatched, let time_us = number("WATCHDOG_USEC"), time_us > 0 {
      watchdogTime = .microseconds(time_us)
    }
    // Otherwise they were meant for somebody who started this process.
    guard number("LISTEN_PID") == Int(pid), let count = number("LISTEN_FDS") else { return }
    let names = (values["LISTEN_FDNAMES"] ?? "").split(
      separator: ":", omittingEmptySubsequences: false)
    socketNames = (0..<min(count, Self.maximumSocketCount)).map { index in
      index < names.count && !names[index].isEmpty ? String(names[index]) : "unknown"
    }
  }

  /// An environment for a child.
  package static func withoutService(_ entries: [String]) -> [String] {
    entries.filter { entry in !variables.contains(entry.prefix { $0 != "=" }) }
  }
}
