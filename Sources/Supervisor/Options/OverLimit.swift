// What becomes of clients that are one too many: `--over-limit`.

/// For clients over `--max-connections`.
package enum OverLimit: String, CaseIterable, Sendable {
  /// They stay in the kernel's queue until somebody goes.
  case wait
  /// They are reset at once.
  case reject
}
