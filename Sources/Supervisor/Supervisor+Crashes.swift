// What is kept of a worker that died: a report made from its page and its buffers, both hostile.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Writes down what is known of a death that nobody asked for. The path of the crash file, or nil
  /// when there is none (the log then says why, once).
  func recordCrash(of worker: Worker, _ reason: ExitReason) -> String? { nil }
}
