// Reads a plugin and its configuration file on a thread of its own. A large file takes a second,
// one on a slow disk longer, and meanwhile the supervisor has workers to replace and questions to
// answer.

internal import Control
internal import Kernel
internal import Synchronization

/// What the workers of a generation get from files.
struct PluginFiles: Sendable {
  let image: PluginImage
  /// Those of --set-file.
  var settings: [WorkerConfiguration.Setting] = []
  /// The contents of --handler-config; nil without it.
  var handlerConfig: [UInt8]?
}

/// One plugin that is being read, for a generation to come.
final class PluginReading: Sendable {
  let origin: Generation.Origin
  private let source: PluginSource
  private let configPath: String?
  private let settingFiles: [SettingFile]
  private let outcome = Mutex<Result<PluginFiles, StartFailure>?>(nil)
  private let isDone: Bell

  /// Starts the thread. It reads to the end even when nobody wants the plugin any more.
  init(
    _ source: consuming PluginSource, with options: RunOptions, for origin: Generation.Origin
  ) throws(SystemError) {
    self.origin = origin
    self.source = source
    configPath = options.handlerConfigPath
    settingFiles = options.settingFiles
    isDone = try Bell()
    try BackgroundThread.start { [self] in
      let result = read()
      outcome.withLock { $0 = result }
      isDone.ring()
    }
  }

  private func read() -> Result<PluginFiles, StartFailure> {
    do throws(StartFailure) {
      let image = try source.copy()
      // Nobody has to wait for it at a crash.
      _ = image.fingerprint
      var files = PluginFiles(image: image)
      if let configPath { files.handlerConfig = try HandlerConfig.contents(of: configPath) }
      files.settings = try settingFiles.settings()
      return .success(files)
    } catch {
      return .failure(error)
    }
  }

  /// Can be read when there is a result.
  var descriptor: Int32 { isDone.rawValue }

  /// nil while the files are being read.
  var result: Result<PluginFiles, StartFailure>? { outcome.withLock { $0 } }
}
