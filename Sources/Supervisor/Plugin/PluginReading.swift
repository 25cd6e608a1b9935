// Copies a plugin on a thread of its own. A large file takes a second, one on a slow disk longer,
// and meanwhile the supervisor has workers to replace and questions to answer.

internal import Kernel
internal import Synchronization

/// One plugin that is being read, for a generation to come.
final class PluginReading: Sendable {
  let origin: Generation.Origin
  private let source: PluginSource
  private let outcome = Mutex<Result<PluginImage, StartFailure>?>(nil)
  private let isDone: Bell

  /// Starts the thread. It reads to the end even when nobody wants the plugin any more.
  init(_ source: consuming PluginSource, for origin: Generation.Origin) throws(SystemError) {
    self.origin = origin
    self.source = source
    isDone = try Bell()
    try BackgroundThread.start { [self] in
      let result: Result<PluginImage, StartFailure>
      do throws(StartFailure) {
        result = .success(try self.source.copy())
      } catch {
        result = .failure(error)
      }
      outcome.withLock { $0 = result }
      isDone.ring()
      // Nobody has to wait for it at a crash.
      _ = try? result.get().fingerprint
    }
  }

  /// Can be read when there is a result.
  var descriptor: Int32 { isDone.rawValue }

  /// nil while the plugin is being read.
  var result: Result<PluginImage, StartFailure>? { outcome.withLock { $0 } }
}
