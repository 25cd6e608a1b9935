// Whose plugins are loaded. Whoever can change a plugin's file, or a folder on the way to it,
// decides what a worker runs, so that is to be nobody but root and who Portico runs as.

internal import Kernel

/// Which plugins are loaded.
package enum PluginTrust: Sendable {
  /// Those that only root and this process's user can change.
  case own
  /// All: `--allow-untrusted-plugin`.
  case anybodys

  /// Throws when somebody else can change the plugin at `path`; `file` is what was opened there.
  func check(_ path: String, opened file: borrowing Descriptor) throws(StartFailure) {
    guard self == .own else { return }
    let user = Accounts.current.user
    let weakness: PathTrust.Weakness?
    do throws(SystemError) {
      let trust = PathTrust.trusting(user: user)
      if let onTheWay = try trust.weakness(ofFile: path) {
        weakness = onTheWay
      } else {
        // What the path leads to now may be another file than what was opened.
        let writer = trust.writer(of: try FileOwnership(of: file))
        weakness = writer.map { PathTrust.Weakness(path: path, writer: $0) }
      }
    } catch {
      throw StartFailure(
        "the plugin \(path) is not loaded, since it cannot be told who can change it: "
          + "\(error.reason); --allow-untrusted-plugin loads it all the same")
    }
    guard let weakness else { return }
    throw StartFailure(
      "the plugin \(path) is not loaded, since others can change what it runs: "
        + "\(weakness.sentence); `\(weakness.remedy(owner: user))` ends that, or put the plugin "
        + "elsewhere; --allow-untrusted-plugin loads it all the same")
  }

  /// Who else can change the plugin at `path`, as a sentence; nil when nobody can, or it does not
  /// matter, or it cannot be told, which `check` then says.
  func distrust(of path: String) -> String? {
    guard self == .own else { return nil }
    return try? PathTrust.trusting(user: Accounts.current.user).weakness(ofFile: path)?.sentence
  }
}
