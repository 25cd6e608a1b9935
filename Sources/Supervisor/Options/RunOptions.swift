// Everything `portico run` was asked for, checked and in the units that the code works in.

package import Control

/// What to serve, where, and within which limits. Defaults are those of the command line.
package struct RunOptions: Sendable {
  package var plugin = "thankyou"
  package var listeners: [ListenerURI] = [.tcp(host: .any, port: 7788)]
  /// They were asked for, so that sockets which a service manager passed must be among them.
  package var hasListenOption = false
  /// nil leaves it to the plugin's promise.
  package var workerCount: Int?
  package var settings: [WorkerConfiguration.Setting] = []
  /// Those whose values stand in files; they are read anew at each reload.
  package var settingFiles: [SettingFile] = []
  /// On top of what a worker's environment has.
  package var environment: [EnvironmentWord] = []
  package var trust = PluginTrust.own(worker: nil)
  /// The file's path; it is read anew at each reload.
  package var handlerConfigPath: String?
  package var pluginFolders: [String] = []
  package var logLevel = LogLevel.info
  package var logFormat = LogFormat.text
  package var logsRequests = false
  package var receiveSize = ByteCount(64 << 10)
  package var lingerBytes = ByteCount(16 << 20)

  /// In all workers together; none leaves it to each worker's descriptors.
  package var maxConnections = CountLimit.none
  /// Of one address, in all workers together.
  package var maxPerAddress = CountLimit.none
  package var overLimit = OverLimit.wait
  package var maxFrame = ByteCount(1 << 20)
  package var highWater = ByteCount(256 << 10)
  package var lowWater = ByteCount(64 << 10)
  package var replyLimit = ByteCount(16 << 20)
  /// Of one worker; nil for its share of the machine.
  package var memoryLimit: ByteCount?
  package var replyBudget = 1_000_000

  package var firstByteTimeout = TimeLimit(ms: 60000)
  package var writeTimeout = TimeLimit(ms: 60000)
  package var requestTimeout = TimeLimit(ms: 60000)
  package var idleTimeout = TimeLimit.none
  package var afterEOFTimeout = TimeLimit(ms: 2000)
  package var drainTimeout = TimeLimit(ms: 30000)
  package var slowCall = TimeLimit(ms: 100)
  /// A call of the handler that takes longer is a hang; none for debuggers.
  package var handlerTimeout = TimeLimit(ms: 10000)
  /// A plugin that has not loaded by then hangs.
  package var loadTimeout = TimeLimit(ms: 10000)

  /// Memory that one worker may take for its data; nil for no limit.
  package var workerMemory: ByteCount?
  /// What workers wait with.
  package var backend = BackendName.auto
  /// Bytes of each connection's input that are kept for the crash file; nil keeps none.
  package var recordInput: ByteCount?
  /// Of the folder of crash files; none writes none.
  package var crashFiles = CountLimit(CrashFolder.fileCount)
  /// Bytes of input, as text, in one of them; nil for none.
  package var crashBytes: ByteCount? = ByteCount(CrashFolder.inputByteCount)
  /// Generations that may be alive at once, draining ones too.
  package var maxGenerations = 4

  package var udpAmplification = CountLimit(3)
  /// Replies a second to each source.
  package var udpRate = CountLimit(2000)
  package var udpMute = MutedPorts.standard

  package var filters = FilterList()

  /// Names or numbers of whom workers run as; nil for what Portico was started as.
  package var user: String?
  package var group: String?
  package var runFolder = RunFolderRequest.standard
  package var isStrict = false
  package var allowsWritableExecutable = false
  /// Workers may be looked into by whoever runs as their user.
  package var allowsDebugger = false
  /// Run beside the host, which ends with it; empty for none.
  package var command: [String] = []

  package init() {}

  /// As many as anybody starts, and few enough for a descriptor each in every worker.
  package static let maximumWorkerCount = 256

  /// Sockets of one listener: as many as there may ever be workers.
  package func socketsPerListener(coreCount: Int) -> Int {
    workerCount ?? min(coreCount, Self.maximumWorkerCount)
  }

  /// How many workers this plugin gets.
  package func workerCount(for report: PluginReport, coreCount: Int) -> Int {
    workerCount ?? (report.isSharded ? min(coreCount, Self.maximumWorkerCount) : 1)
  }
}
