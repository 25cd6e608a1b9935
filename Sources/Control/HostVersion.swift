// Which Portico this is: what `--version` prints, handlers are told, and crash files say.

/// The version of the host.
public enum HostVersion {
  /// Of the whole program.
  public static let text = "0.1.0"
}
