// What a plugin says of itself.

internal import CPortico

/// Name, version and promises of a plugin.
public struct Plugin: Sendable {
  /// What it is called in logs; the file's name if empty.
  public var name: String
  /// Its own, in any form, such as `1.2`.
  public var version: String
  /// What it does, in a line.
  public var description: String
  /// What the host may rely on.
  public var promises: Promises
  /// Bytes that a request may have; 0 for the host's limit.
  public var maxFrame: UInt64

  /// A description; without promises the host assumes the worst, which is always right.
  public init(
    name: String, version: String = "", description: String = "", promises: Promises = [],
    maxFrame: UInt64 = 0
  ) {
    self.name = name
    self.version = version
    self.description = description
    self.promises = promises
    self.maxFrame = maxFrame
  }

  /// Promises of a handler. A broken one never sends a byte to another client as long as the one
  /// below it is kept; breaches are counted and logged. `portico test` looks for them.
  public struct Promises: OptionSet, Sendable {
    /// As in `portico.h`.
    public let rawValue: UInt64

    /// As in `portico.h`.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Uses a reply only during the call that passed it (never `Reply.later`). The host re-issues
    /// reply addresses at once.
    public static let inline = Promises(rawValue: UInt64(PORTICO_INLINE))
    /// Never uses a reply after `closed(_:)` returned.
    public static let forgets = Promises(rawValue: UInt64(PORTICO_FORGETS))
    /// Is right when several worker processes each run their own copy: the host then starts one for
    /// each core.
    public static let sharded = Promises(rawValue: UInt64(PORTICO_SHARDED))
    /// What one client sends changes what others get, on purpose, as in a chat. No promise, but a
    /// word to `portico test`.
    public static let coupled = Promises(rawValue: UInt64(PORTICO_COUPLED))
  }
}
