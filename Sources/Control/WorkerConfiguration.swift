// Everything a worker needs to know before it loads its plugin. It arrives as a sealed memory file,
// so its size has no limit and nobody can change it later.

/// The configuration of one worker.
public struct WorkerConfiguration: Equatable, Sendable {
  /// A setting for the handler: `--set KEY=VALUE`.
  public struct Setting: Equatable, Sendable {
    /// What stands before the `=`.
    public var key: String
    /// What stands behind it, as it is.
    public var value: String
    /// A setting; the handler decides whether it knows the key.
    public init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// A variable of the environment as the operator set it, or nil where there was none.
  public struct Variable: Equatable, Sendable {
    /// What stands before the `=`.
    public var name: String
    /// What stands behind it.
    public var value: String?
    /// A variable that had a value, or none.
    public init(name: String, value: String?) {
      self.name = name
      self.value = value
    }
  }

  /// Counted from 0, stable over a replacement.
  public var worker: UInt16 = 0
  /// The plugin's file, for messages and for the folder that its own libraries may lie in.
  public var pluginPath = ""
  /// In the order in which they were given.
  public var settings: [Setting] = []
  /// The bytes of `--handler-config`, or nil without it.
  public var handlerConfig: [UInt8]?

  /// Set anew for the start of this process alone; put back before the plugin is loaded.
  public var restoredVariables: [Variable] = []

  /// Lines below it are not even made.
  public var logLevel = LogLevel.info
  /// Log each request's bytes.
  public var logsRequests = false
  /// Never issue a reply's address again, whatever the handler promised; `--strict`.
  public var isStrict = false
  /// Let the plugin map memory that is writable and executable; `--allow-wx`.
  public var allowsWritableExecutable = false
  /// Let whoever runs as the worker's user look into it: `--allow-debugger`, or a limit of core
  /// files that wants them.
  public var isDumpable = false
  /// `--env LD_LIBRARY_PATH`: where the plugin's own needs are looked for as well.
  public var libraryPath = ""
  /// Who may change the plugin's libraries, beside root and who the worker is; nil for everybody.
  public var trustedUsers: [UInt32]?

  /// What the loop waits with.
  public var backend = BackendName.auto
  /// Bytes one receive may take.
  public var receiveSize = 65536
  /// Bytes of a finished client's input that are discarded so that it sees an orderly end.
  public var lingerBytes = 16 << 20
  /// How long input is discarded after the output ended.
  public var lingerTimeout_ms: UInt32 = 5000
  /// 0 for none.
  public var idleTimeout_ms: UInt32 = 0
  /// From accept to the first byte, for a handler that does not speak first; 0 for none.
  public var firstByteTimeout_ms: UInt32 = 0
  /// For a client that takes no byte of what waits for it; 0 for none.
  public var writeTimeout_ms: UInt32 = 0
  /// For a request that is not whole, and of which less than 500 bytes a second arrive; 0 for none.
  public var requestTimeout_ms: UInt32 = 0
  /// A call of the handler that takes longer is logged; 0 for none.
  public var slowCall_ms: UInt32 = 0
  /// For a handler that is not INLINE and has no `on_eof`.
  public var afterEOFTimeout_ms: UInt32 = 2000
  /// Bytes of queued output above which a client is not read.
  public var highWater = 256 << 10
  /// Bytes of queued output below which it is read again.
  public var lowWater = 64 << 10
  /// Bytes of queued output that a client may have at all.
  public var replyLimit = 16 << 20
  /// Bytes that an unfinished request may have.
  public var maxFrame = 1 << 20
  /// Reply addresses that a worker may issue before it says that they are spent.
  public var replyBudget = 1_000_000
  /// Connections at once in this worker, from the descriptor limit.
  public var maxConnections = 1000
  /// Connections at once in all workers together; 0 for no limit but each worker's own.
  public var connectionLimit = 0
  /// Connections at once of one address (IPv6: of one /64) in all workers together; 0 for none.
  public var addressLimit = 0
  /// Clients over `connectionLimit` are reset; otherwise they wait in the kernel's queue.
  public var rejectsOverLimit = false
  /// Bytes that this worker may hold for all of its clients.
  public var memoryLimit = 1 << 30
  /// Bytes that may answer a datagram, as a multiple of its own; 0 for no limit.
  public var udpAmplification = 3
  /// Datagrams a second that may answer one source; 0 for no limit.
  public var udpRate = 0
  /// Source ports that no datagram is sent to, on top of port 0.
  public var mutedPorts: [UInt16] = []
  /// What stands between the handler and its clients, the nearest to the clients first.
  public var filters: [Filter] = []
  /// What their chances are drawn from.
  public var filterSeed: UInt64 = 0
  /// Bytes of memory for data that the process may take (RLIMIT_DATA); 0 for no limit.
  public var workerMemory = 0
  /// Bytes of each connection's input that are kept for whoever looks at a dead worker; 0 for none.
  public var recordInput = 0
  /// Size of the shared memory file for buffers, in bytes; resident only where touched.
  public var buffersByteCount = 1 << 30

  /// The user and the group to run the handler as; nil to stay what this process was started as.
  public var userID: UInt32?
  /// See `userID`.
  public var groupID: UInt32?

  /// Which cell of the tally this worker writes, and how the tally is laid out.
  public var tallyCell: UInt32 = 0
  /// See `tallyCell`.
  public var tally = TallyLayout(cellCount: 1, addressCapacity: 0)

  /// The listeners' URIs, and for each inherited socket the listener it belongs to.
  public var listeners: [String] = []
  /// For each listener what its clients speak.
  public var transports: [Transport] = []
  /// For each inherited socket its listener, an index into `listeners`.
  public var sockets: [UInt16] = []

  /// The defaults that `portico run --help` shows.
  public init() {}

  /// What the clients of an inherited socket speak.
  public func transport(ofSocket socket: Int) -> Transport {
    let listener = Int(sockets[socket])
    return listener < transports.count ? transports[listener] : .tcp
  }

  /// What a listener's clients speak.
  public func transport(ofListener listener: UInt16) -> Transport {
    Int(listener) < transports.count ? transports[Int(listener)] : .tcp
  }

  /// The contents of the memory file.
  public func encoded() -> [UInt8] {
    var wire = WireEncoder()
    wire.put(worker)
    wire.put(pluginPath)
    wire.put(settings.map(\.key))
    wire.put(settings.map(\.value))
    wire.put(handlerConfig != nil)
    wire.put(handlerConfig ?? [])
    wire.put(restoredVariables.map(\.name))
    wire.put(restoredVariables.map { $0.value ?? "" })
    for variable in restoredVariables { wire.put(variable.value != nil) }
    wire.put(logLevel.rawValue)
    wire.put(backend.rawValue)
    for flag in [logsRequests, isStrict, allowsWritableExecutable, isDumpable] {
      wire.put(flag)
    }
    wire.put(libraryPath)
    wire.put(trustedUsers != nil)
    wire.put(UInt32(trustedUsers?.count ?? 0))
    for user in trustedUsers ?? [] { wire.put(user) }
    for count in [
      receiveSize, lingerBytes, highWater, lowWater, replyLimit, maxFrame, replyBudget,
      maxConnections, buffersByteCount, connectionLimit, addressLimit, memoryLimit,
      udpAmplification, udpRate, workerMemory, recordInput,
    ] { wire.put(Int64(count)) }
    for time_ms in [
      lingerTimeout_ms, idleTimeout_ms, afterEOFTimeout_ms, firstByteTimeout_ms, writeTimeout_ms,
      requestTimeout_ms, slowCall_ms,
    ] { wire.put(time_ms) }
    wire.put(rejectsOverLimit)
    wire.put(UInt32(mutedPorts.count))
    for port in mutedPorts { wire.put(port) }
    for id in [userID, groupID] {
      wire.put(id != nil)
      wire.put(id ?? 0)
    }
    for number in [tallyCell, UInt32(tally.cellCount), UInt32(tally.addressCapacity)] {
      wire.put(number)
    }
    wire.put(UInt32(filters.count))
    for filter in filters { wire.put(filter) }
    wire.put(filterSeed)
    wire.put(listeners)
    wire.put(transports.map(\.rawValue))
    wire.put(UInt32(sockets.count))
    for socket in sockets { wire.put(socket) }
    return wire.bytes
  }

  /// Reads the contents of the memory file.
  public init(decoding bytes: [UInt8]) throws(MalformedMessage) {
    var wire = WireDecoder(bytes)
    worker = try wire.number("worker")
    pluginPath = try wire.text("plugin path")
    let keys = try wire.texts("setting keys")
    let values = try wire.texts("setting values")
    settings = zip(keys, values).map { Setting(key: $0, value: $1) }
    let hasConfig = try wire.flag("handler configuration")
    let config = try wire.blob("handler configuration")
    handlerConfig = hasConfig ? config : nil
    let names = try wire.texts("restored variables")
    let originals = try wire.texts("restored values")
    for (name, value) in zip(names, originals) {
      let hasValue = try wire.flag("restored variable")
      restoredVariables.append(Variable(name: name, value: hasValue ? value : nil))
    }
    guard let level = LogLevel(rawValue: try wire.number("log level")) else {
      throw MalformedMessage(part: "log level")
    }
    logLevel = level
    guard let name = BackendName(rawValue: try wire.number("backend")) else {
      throw MalformedMessage(part: "backend")
    }
    backend = name
    logsRequests = try wire.flag("log requests")
    isStrict = try wire.flag("strict")
    allowsWritableExecutable = try wire.flag("writable-executable")
    isDumpable = try wire.flag("dumpable")
    libraryPath = try wire.text("library path")
    let isParticular = try wire.flag("trust")
    let users: [UInt32] = try Self.numbers("trusted user", in: &wire, of: bytes.count)
    trustedUsers = isParticular ? users : nil
    receiveSize = Int(try wire.number("receive size", as: Int64.self))
    lingerBytes = Int(try wire.number("linger bytes", as: Int64.self))
    highWater = Int(try wire.number("high water", as: Int64.self))
    lowWater = Int(try wire.number("low water", as: Int64.self))
    replyLimit = Int(try wire.number("reply limit", as: Int64.self))
    maxFrame = Int(try wire.number("max frame", as: Int64.self))
    replyBudget = Int(try wire.number("reply budget", as: Int64.self))
    maxConnections = Int(try wire.number("connections", as: Int64.self))
    buffersByteCount = Int(try wire.number("buffers", as: Int64.self))
    connectionLimit = Int(try wire.number("connection limit", as: Int64.self))
    addressLimit = Int(try wire.number("address limit", as: Int64.self))
    memoryLimit = Int(try wire.number("memory limit", as: Int64.self))
    udpAmplification = Int(try wire.number("amplification", as: Int64.self))
    udpRate = Int(try wire.number("UDP rate", as: Int64.self))
    workerMemory = Int(try wire.number("worker memory", as: Int64.self))
    recordInput = Int(try wire.number("recorded input", as: Int64.self))
    lingerTimeout_ms = try wire.number("linger timeout")
    idleTimeout_ms = try wire.number("idle timeout")
    afterEOFTimeout_ms = try wire.number("after-EOF timeout")
    firstByteTimeout_ms = try wire.number("first-byte timeout")
    writeTimeout_ms = try wire.number("write timeout")
    requestTimeout_ms = try wire.number("request timeout")
    slowCall_ms = try wire.number("slow call")
    rejectsOverLimit = try wire.flag("over limit")
    mutedPorts = try Self.numbers("muted port", in: &wire, of: bytes.count)
    let hasUser = try wire.flag("user")
    let user: UInt32 = try wire.number("user")
    userID = hasUser ? user : nil
    let hasGroup = try wire.flag("group")
    let group: UInt32 = try wire.number("group")
    groupID = hasGroup ? group : nil
    tallyCell = try wire.number("tally cell")
    let cellCount: UInt32 = try wire.number("tally cells")
    let addressCapacity: UInt32 = try wire.number("tally addresses")
    tally = TallyLayout(cellCount: Int(cellCount), addressCapacity: Int(addressCapacity))
    for _ in 0..<(try wire.number("filters", as: UInt32.self)) {
      filters.append(try wire.filter())
    }
    filterSeed = try wire.number("filter seed")
    listeners = try wire.texts("listeners")
    for raw in try wire.blob("transports") {
      guard let transport = Transport(rawValue: raw) else {
        throw MalformedMessage(part: "transport")
      }
      transports.append(transport)
    }
    sockets = try Self.numbers("socket", in: &wire, of: bytes.count)
  }

  private static func numbers<Number: FixedWidthInteger>(
    _ part: String, in wire: inout WireDecoder, of byteCount: Int
  ) throws(MalformedMessage) -> [Number] {
    let count = Int(try wire.number(part, as: UInt32.self))
    guard count <= byteCount / MemoryLayout<Number>.size else {
      throw MalformedMessage(part: "\(part) count")
    }
    var numbers: [Number] = []
    for _ in 0..<count { numbers.append(try wire.number(part)) }
    return numbers
  }
}
