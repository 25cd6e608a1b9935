// Shell scripts in a mount namespace of their own: they may hide or fill folders, and nobody else
// sees anything of it. A machine that allows that to nobody cannot run the tests that need it, and
// they say so by failing.

internal import Foundation

/// Runs scripts that mount.
package enum Namespace {
  /// Runs a bash script, ended by the first command that fails, with nothing in its environment but
  /// `variables`, PATH and HOME.
  package static func run(
    _ script: String, _ variables: [String: String] = [:], within limit: Duration = .seconds(60)
  ) throws -> Finished {
    // Another user's root is good enough for mounting.
    let flags = geteuid() == 0 ? ["-m"] : ["-r", "-m"]
    let environment =
      [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=\(Paths.temporary.path)", "LC_ALL=C.UTF-8",
      ] + variables.map { "\($0.key)=\($0.value)" }
    let words = ["unshare"] + flags + ["env", "-i"] + environment + ["bash", "-euc"]
    let env = URL(fileURLWithPath: "/usr/bin/env")
    let probe = try Finished(env, words + ["mount -t tmpfs none /mnt"])
    guard probe.exit == .status(0) else {
      throw Failure(
        "this machine lets the tests make no mount namespace, which `unshare \(flags.joined())` "
          + "needs (\(probe.error)): run them as root, or allow user namespaces")
    }
    return try Finished(
      env, words + [script], workingDirectory: Paths.temporary, within: limit)
  }
}
