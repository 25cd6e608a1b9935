// How wide a report may be.

internal import CKernel

/// Whoever reads stdout.
package enum Terminal {
  /// Columns; 80 where there is no terminal, and never more than is good to read.
  package static var width: Int {
    let columns = Int(ck_terminal_width(1))
    return columns == 0 ? 80 : min(120, max(40, columns))
  }
}
