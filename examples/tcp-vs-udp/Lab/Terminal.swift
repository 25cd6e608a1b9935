// Where a program's words go: whether stdout is a terminal and how wide, and stderr, which may be
// closed or lead nowhere; a program must come to its own end all the same.

internal import CLab
internal import Glibc
internal import Kernel

/// The terminal at stdout, if there is one.
public enum Terminal {
  /// Does stdout lead to one?
  public static var isThere: Bool {
    (try? Descriptor.standardOutput().isTerminal) ?? false
  }

  /// Does stderr lead to one?
  public static var isAtError: Bool {
    (try? Descriptor.standardError().isTerminal) ?? false
  }

  /// Its columns; nil for what is no terminal, or does not know.
  public static var columns: Int? {
    let columns = clab_columns(1)
    return columns > 0 ? Int(columns) : nil
  }

  /// Writes a text to stderr as it is. Where nobody can read it, it is gone: from here on a pipe
  /// without a reader ends no program with SIGPIPE.
  public static func complain(_ text: String) {
    _ = signal(SIGPIPE, SIG_IGN)
    try? Descriptor.standardError().writeAllWaiting(Array(text.utf8))
  }

  /// Opens /dev/null in place of stdin, stdout and stderr where they are closed: otherwise the next
  /// files would get their numbers, and what is meant for the user would be written there. To be
  /// called before anything is opened.
  public static func keepPlaces() {
    while let nothing = try? Files.openNothing() {
      if nothing.rawValue > 2 { return }
      _ = nothing.take()
    }
  }
}
