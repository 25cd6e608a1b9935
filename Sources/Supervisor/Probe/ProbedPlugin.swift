// What `call` and `test` have in common: which plugin, with which settings, and how its host is set
// up when there are no sockets.

package import Control
internal import Kernel

/// A plugin that is to run in a probe.
package struct ProbedPlugin {
  let installation: Installation
  let environment: WorkerEnvironment
  let image: PluginImage
  package var configuration: WorkerConfiguration

  /// Finds and copies the plugin, and reads the files that the options name.
  package init(_ options: ProbeOptions) throws(StartFailure) {
    installation = Installation.current()
    environment = WorkerEnvironment(
      own: HostFacts.environment, user: nil, adding: options.environment)
    let path = try installation.locator(optionFolders: options.pluginFolders).path(
      of: options.plugin)
    image = try .read(path: path, trusting: options.trust)
    configuration = WorkerConfiguration()
    configuration.pluginPath = path
    configuration.trustedUsers = options.trust.users
    configuration.settings = options.settings + (try options.settingFiles.settings())
    configuration.logLevel = options.logLevel
    configuration.allowsWritableExecutable = options.allowsWritableExecutable
    if let file = options.handlerConfigPath {
      configuration.handlerConfig = try HandlerConfig.contents(of: file)
    }
    // A reply that is kept too long shows, since no address is ever used again.
    configuration.isStrict = true
    configuration.replyBudget = 1 << 40
    configuration.maxConnections = 256
    configuration.listeners = [
      options.isDatagram ? "udp://127.0.0.1:7788" : "tcp://127.0.0.1:7788"
    ]
    configuration.transports = [options.isDatagram ? .udp : .tcp]
    configuration.sockets = [0]
  }
}

/// What the command line says of a plugin that is to run in a probe.
package struct ProbeOptions: Sendable {
  package var plugin = ""
  package var pluginFolders: [String] = []
  package var settings: [WorkerConfiguration.Setting] = []
  package var settingFiles: [SettingFile] = []
  /// On top of what a worker's environment has.
  package var environment: [EnvironmentWord] = []
  package var trust = PluginTrust.own(worker: nil)
  package var handlerConfigPath: String?
  package var logLevel = LogLevel.info
  package var allowsWritableExecutable = false
  package var isDatagram = false

  package init() {}
}
