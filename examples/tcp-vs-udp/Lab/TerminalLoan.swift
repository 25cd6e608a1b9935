// The terminal at stdin, lent to a child: its keys are then for the child, as a shell does it with
// its jobs, and this process is in the background meanwhile. It may still write: SIGTTOU is ignored
// as long as the loan exists. A terminal that somebody else has by now is never taken from them.

internal import CLab
internal import Glibc

/// Owns the right to the terminal, and takes it back when it goes away.
public struct TerminalLoan: ~Copyable {
  /// For `LeashedProcess.Setup`: what the child reads, and its terminal.
  public static let descriptor: Int32 = 0
  /// The process group that has it.
  private var borrower: Int32?

  /// Nil where stdin is no terminal of this process's, or its keys are for others.
  public init?() {
    guard clab_foreground(Self.descriptor) == getpgrp() else { return nil }
    _ = signal(SIGTTOU, SIG_IGN)
  }

  deinit {
    takeBack()
    _ = signal(SIGTTOU, SIG_DFL)
  }

  /// Does stdin stop a child that reads from it, since its keys are for others?
  public static var isForOthers: Bool {
    let group = clab_foreground(descriptor)
    return group >= 0 && group != getpgrp()
  }

  /// A child of that group was started with it.
  public mutating func lent(to group: Int32) { borrower = group }

  /// The keys are for this process again, if the child or nobody had them.
  public func takeBack() {
    guard let borrower else { return }
    let group = clab_foreground(Self.descriptor)
    if group == borrower || (group >= 0 && clab_signal(-group, 0) == -ESRCH) {
      _ = clab_set_foreground(Self.descriptor, getpgrp())
    }
  }

  /// To be called when the child was stopped by that signal. A key stops this process too, so that
  /// its own shell can go on; when that lets it go on, so does the child. One that only wanted the
  /// terminal gets it, if it is here.
  public func passOn(stop: Int32) {
    let isKey = stop == SIGTSTP
    guard let borrower, isKey || stop == SIGTTIN || stop == SIGTTOU else { return }
    takeBack()
    if isKey || Self.isForOthers { clab_stop_here() }
    if !Self.isForOthers { _ = clab_set_foreground(Self.descriptor, borrower) }
    _ = clab_signal(-borrower, SIGCONT)
  }
}
