// What stdout is: a terminal or not, and how wide.

internal import CLab
internal import Kernel

/// The terminal at stdout, if there is one.
public enum Terminal {
  /// Does stdout lead to one?
  public static var isThere: Bool {
    (try? Descriptor.standardOutput().isTerminal) ?? false
  }

  /// Its columns; nil for what is no terminal, or does not know.
  public static var columns: Int? {
    let columns = clab_columns(1)
    return columns > 0 ? Int(columns) : nil
  }
}
