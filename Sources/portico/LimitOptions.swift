// The options of `portico run` that bound what clients may take: how many, how large, how long.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct LimitOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Most connections at once, in all workers together. (default: \(defaults.maxConnections), \
        which leaves it to each worker's limit of open files)
        """, valueName: "n|none"),
      transform: Words.connections)
    var maxConnections = defaults.maxConnections

    @Option(
      help: ArgumentHelp(
        """
        Most connections at once of one address, in all workers together; IPv6 counts by /64, and \
        clients of a Unix socket have no address. (default: \(defaults.maxPerAddress))
        """, valueName: "n|none"),
      transform: Words.connections)
    var maxPerAddress = defaults.maxPerAddress

    @Option(
      help: ArgumentHelp(
        """
        What clients over --max-connections or --max-per-address meet: they wait until another one \
        has gone, or are reset (reject). A worker lets at most 256 wait for --max-per-address; \
        those beyond are reset. (default: \(defaults.overLimit.rawValue))
        """, valueName: "wait|reject"),
      completion: .list(["wait", "reject"]),
      transform: Words.overLimit)
    var overLimit = defaults.overLimit

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that a plugin may leave unconsumed as the beginning of a request, from 1 to \
        1GiB; more closes the connection. (default: \(defaults.maxFrame))
        """, valueName: "bytes"),
      transform: Words.frameSize)
    var maxFrame = defaults.maxFrame

    @Option(
      help: ArgumentHelp(
        """
        A client for which more bytes than this wait is not read any more. (default: \
        \(defaults.highWater))
        """, valueName: "bytes"),
      transform: Words.queueSize)
    var highWater = defaults.highWater

    @Option(
      help: ArgumentHelp(
        """
        It is read again when no more than this wait; not above --high-water. (default: \
        \(defaults.lowWater))
        """, valueName: "bytes"),
      transform: Words.queueSize)
    var lowWater = defaults.lowWater

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that may wait for one client at all; further replies are refused. Not below \
        --high-water. (default: \(defaults.replyLimit))
        """, valueName: "bytes"),
      transform: Words.queueSize)
    var replyLimit = defaults.replyLimit

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that one worker holds for all of its clients, from 16MiB. (default: a quarter \
        of the memory of the machine or of its control group, divided by the number of workers \
        that there may be)
        """, valueName: "bytes"),
      transform: Words.memoryLimit)
    var memoryLimit: ByteCount?

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that one receive takes, from 1 to 16MiB. (default: \
        \(defaults.receiveSize))
        """, valueName: "bytes"),
      transform: Words.receiveSize)
    var receiveSize = defaults.receiveSize

    @Option(
      help: ArgumentHelp(
        """
        Most bytes of a finished client's input that are discarded, for 5s at most, so that \
        it sees an orderly end and no reset; 0 closes at once, and a client that is still sending \
        may lose its answer. (default: \(defaults.lingerBytes))
        """,
        valueName: "bytes"), transform: Words.lingerBytes)
    var lingerBytes = defaults.lingerBytes

    @Option(
      help: ArgumentHelp(
        """
        Keep the last bytes that each connection sent, for the crash file and for replay; from \
        4KiB to 16MiB, rounded up to a power of two. Records take at most half of --memory-limit. \
        (default: none)
        """, valueName: "bytes|none"),
      transform: Words.recordSize)
    var recordInput: ByteCount?

    @Option(
      help: ArgumentHelp(
        """
        Reply addresses that a worker issues before it is replaced, for a plugin that promises \
        neither INLINE nor FORGETS; 1000 or more. (default: \(defaults.replyBudget))
        """, valueName: "n"),
      transform: Words.replyBudget)
    var replyBudget = defaults.replyBudget

    @Option(
      help: ArgumentHelp(
        """
        Close a connection that has sent nothing for so long after it was accepted. (default: \
        \(defaults.firstByteTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var firstByteTimeout = defaults.firstByteTimeout

    @Option(
      help: ArgumentHelp(
        """
        Close a connection that takes none of the bytes that wait for it for so long. (default: \
        \(defaults.writeTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var writeTimeout = defaults.writeTimeout

    @Option(
      help: ArgumentHelp(
        """
        Close a connection of whose request the plugin wants more for so long, unless 500 bytes \
        a second or more have arrived. (default: \(defaults.requestTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var requestTimeout = defaults.requestTimeout

    @Option(
      help: ArgumentHelp(
        """
        Close a connection on which nothing moves for so long. (default: \
        \(defaults.idleTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var idleTimeout = defaults.idleTimeout

    @Option(
      help: ArgumentHelp(
        """
        How long a client that has sent everything waits for a further reply of a plugin \
        without on_eof. (default: \(defaults.afterEOFTimeout))
        """,
        valueName: "time"), transform: Words.time)
    var afterEofTimeout = defaults.afterEOFTimeout

    @Option(
      help: ArgumentHelp(
        """
        How long connections may finish at the end; then they are cut. (default: \
        \(defaults.drainTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var drainTimeout = defaults.drainTimeout

    @Option(
      help: ArgumentHelp(
        """
        Log a call of the plugin that takes longer: nobody else in its worker is served \
        meanwhile. (default: \(defaults.slowCall))
        """, valueName: "time|none"),
      transform: Words.timeOrNone)
    var slowCall = defaults.slowCall

    func validate() throws {
      guard lowWater.bytes <= highWater.bytes else {
        throw ValidationError(
          "--low-water \(lowWater) is more than --high-water \(highWater): write at most as much")
      }
      guard replyLimit.bytes >= highWater.bytes else {
        throw ValidationError(
          "--reply-limit \(replyLimit) is less than --high-water \(highWater): "
            + "write at least as much")
      }
    }

    func fill(_ options: inout RunOptions) {
      options.maxConnections = maxConnections
      options.maxPerAddress = maxPerAddress
      options.overLimit = overLimit
      options.maxFrame = maxFrame
      options.highWater = highWater
      options.lowWater = lowWater
      options.replyLimit = replyLimit
      options.memoryLimit = memoryLimit
      options.receiveSize = receiveSize
      options.lingerBytes = lingerBytes
      options.recordInput = recordInput
      options.replyBudget = replyBudget
      options.firstByteTimeout = firstByteTimeout
      options.writeTimeout = writeTimeout
      options.requestTimeout = requestTimeout
      options.idleTimeout = idleTimeout
      options.afterEOFTimeout = afterEofTimeout
      options.drainTimeout = drainTimeout
      options.slowCall = slowCall
    }
  }

#endif
