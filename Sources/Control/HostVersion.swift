// Which Portico this is: what `--version` prints, handlers are told, and crash files say.

internal import CKernel

/// The version of the host.
public enum HostVersion {
  /// Of the whole program.
  public static let text = "0.1.0"

  /// What a worker writes into its page, never 0: an upgrade may put another version's worker
  /// beside a host that runs.
  public static var build: UInt64 {
    // FNV-1a, of the version and of the page that both look at.
    let bytes = Array(text.utf8) + Array(String(MemoryLayout<ck_page>.size).utf8)
    return max(1, bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
  }
}
