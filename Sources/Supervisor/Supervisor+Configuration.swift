// What the workers of a new generation are told: the options, what the listeners turned out to be,
// and each worker's share of the machine.

package import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// For a plugin, all but a worker's number.
  func makeConfiguration(for files: PluginFiles) -> WorkerConfiguration {
    var configuration = WorkerConfiguration()
    options.fill(&configuration)
    configuration.pluginPath = files.image.path
    configuration.handlerConfig = files.handlerConfig
    configuration.settings += files.settings
    configuration.trustedUsers = options.trust.served(by: account.userID).users
    configuration.userID = account.userID
    configuration.groupID = account.groupID
    configuration.listeners = listeners.map(\.realURI)
    configuration.transports = listeners.map(\.transport)
    for (index, listener) in listeners.enumerated() {
      configuration.sockets += Array(repeating: UInt16(index), count: listener.descriptors.count)
    }
    configuration.mutedPorts = options.udpMute.ports(
      own: listeners.filter { $0.transport == .udp }.compactMap(\.port))
    configuration.maxConnections = budget.connections
    if let limit = options.maxConnections.count {
      configuration.connectionLimit = min(limit, budget.connections * socketsPerListener)
    }
    configuration.memoryLimit = budget.memory
    configuration.buffersByteCount = budget.buffers
    configuration.tally = tally.layout
    configuration.filterSeed = filterSeed
    return configuration
  }

  /// Who starts a server as root mostly wants the port, not the rest.
  func warnOfRoot() {
    guard options.user == nil, Accounts.current.user == 0 else { return }
    logger.warning(
      "the plugin runs as root, and may do everything on this machine: --user NAME runs it as NAME")
  }

  /// A service manager may have asked for them where nobody else did.
  func tellOfCoreFiles() {
    guard options.user != nil, !options.allowsDebugger, HostFacts.wantsCoreFiles else { return }
    logger.info(
      """
      workers may leave core files (ulimit -c, LimitCORE=), so their user's other processes may \
      look into them
      """)
  }

  /// A host that is bad on purpose says so, since nobody should meet it by accident.
  func warnOfFilters() {
    guard !options.filters.filters.isEmpty else { return }
    let seed = options.filters.isRandom ? "; --filter seed=\(filterSeed) repeats it" : ""
    logger.warning(
      "--filter is for tests of clients: all are served through \(options.filters)\(seed)")
  }

  /// Says once what of --max-connections cannot be had.
  func warnOfMissingDescriptors(workerCount: Int) {
    guard let wanted = options.maxConnections.count else { return }
    let possible = budget.connections * workerCount
    guard wanted > possible else { return }
    let workers = workerCount == 1 ? "1 worker" : "\(workerCount) workers"
    logger.warning(
      """
      --max-connections \(wanted) is more than \(workers) can have, so it is \(possible): each has \
      at most \(budget.connections) with a limit of \(HostFacts.hardDescriptorLimit) open files
      """)
  }
}

extension RunOptions {
  /// Makes room for the descriptors that the supervisor may need; throws when they are too many for
  /// the limit, here or in a worker.
  func reserveDescriptors(workerCount: Int) throws(StartFailure) {
    let budget = DescriptorBudget(
      workerCount: workerCount, generationCount: maxGenerations,
      socketCount: listeners.reduce(0) { $0 + ($1.transport == .unix ? 1 : workerCount) })
    if let shortage = budget.shortage(limit: HostFacts.hardDescriptorLimit) {
      throw StartFailure(shortage)
    }
    HostFacts.reserveDescriptors(budget.supervisor)
  }

  /// Copies what needs to be known of nothing else.
  package func fill(_ configuration: inout WorkerConfiguration) {
    configuration.settings = settings
    configuration.logLevel = logLevel
    configuration.logsRequests = logsRequests
    configuration.isStrict = isStrict
    configuration.allowsWritableExecutable = allowsWritableExecutable
    configuration.isDumpable = allowsDebugger || HostFacts.wantsCoreFiles
    configuration.backend = backend
    configuration.receiveSize = receiveSize.bytes
    configuration.lingerBytes = lingerBytes.bytes
    configuration.highWater = highWater.bytes
    configuration.lowWater = lowWater.bytes
    configuration.replyLimit = replyLimit.bytes
    configuration.maxFrame = maxFrame.bytes
    configuration.replyBudget = replyBudget
    configuration.addressLimit = maxPerAddress.count ?? 0
    configuration.rejectsOverLimit = overLimit == .reject
    configuration.udpAmplification = udpAmplification.count ?? 0
    configuration.udpRate = udpRate.count ?? 0
    configuration.idleTimeout_ms = idleTimeout.ms ?? 0
    configuration.afterEOFTimeout_ms = afterEOFTimeout.ms ?? 0
    configuration.firstByteTimeout_ms = firstByteTimeout.ms ?? 0
    configuration.writeTimeout_ms = writeTimeout.ms ?? 0
    configuration.requestTimeout_ms = requestTimeout.ms ?? 0
    configuration.slowCall_ms = slowCall.ms ?? 0
    configuration.workerMemory = workerMemory?.bytes ?? 0
    configuration.recordInput = recordInput?.bytes ?? 0
    configuration.filters = filters.filters
  }
}
