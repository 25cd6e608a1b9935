// Whose plugins are loaded. Whoever can change a plugin's file, or a folder on the way to it,
// decides what a worker runs, so that is to be nobody but root and who Portico runs as.

internal import Kernel

/// Which plugins are loaded.
package enum PluginTrust: Equatable, Sendable {
  /// Those that only root and this process's user can change, and `worker`, whom they run as.
  case own(worker: UInt32?)
  /// All: `--allow-untrusted-plugin`.
  case anybodys

  /// The same where workers run as somebody else.
  func served(by worker: UInt32?) -> PluginTrust {
    self == .anybodys ? .anybodys : .own(worker: worker)
  }

  /// Who may change a plugin; nil for everybody. Whoever can change Portico itself, or the whole
  /// system, gains nothing by a plugin.
  var users: [UInt32]? {
    guard case .own(let worker) = self else { return nil }
    var users = PathTrust.ownersOfSystem
    users.insert(Accounts.current.user)
    if let worker { users.insert(worker) }
    let program = Files.linkTarget(of: "/proc/self/exe") ?? "/"
    if let owner = try? FileOwnership(ofPath: program) { users.insert(owner.user) }
    return users.sorted()
  }

  private var rule: PathTrust? {
    users.map { PathTrust.trusting(user: Accounts.current.user, and: Set($0)) }
  }

  /// Throws when somebody else can change the plugin at `path`; `file` is what was opened there.
  func check(_ path: String, opened file: borrowing Descriptor) throws(StartFailure) {
    guard let rule else { return }
    let weakness: PathTrust.Weakness?
    do throws(SystemError) {
      if let onTheWay = try rule.weakness(ofFile: path) {
        weakness = onTheWay
      } else {
        // What the path leads to now may be another file than what was opened.
        let writer = rule.writer(of: try FileOwnership(of: file))
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
        + "\(weakness.sentence); \(Self.advice(weakness)); --allow-untrusted-plugin loads it all "
        + "the same")
  }

  /// Who else can change the plugin at `path`, as a sentence; nil when nobody can, or it does not
  /// matter, or it cannot be told, which `check` then says.
  func distrust(of path: String) -> String? {
    guard let rule else { return nil }
    return try? rule.weakness(ofFile: path)?.sentence
  }

  private static func advice(_ weakness: PathTrust.Weakness) -> String {
    switch weakness.writer {
    case .owner: "copy the plugin to a folder that only root and you can change"
    case .group, .everyone:
      "`\(weakness.remedy(owner: Accounts.current.user))` ends that, or put the plugin elsewhere"
    }
  }
}
