// The options of `portico run` that say when a worker is given up, and what it may take.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct SupervisionOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Abort a worker in which a call of the plugin does not return for so long, and replace it; \
        'none' or 0 for debuggers. (default: \(defaults.handlerTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrZero)
    var handlerTimeout = defaults.handlerTimeout

    @Option(
      help: ArgumentHelp(
        """
        Give up a plugin that has not loaded by then; 'none' or 0 for debuggers. (default: \
        \(defaults.loadTimeout))
        """, valueName: "time|none"),
      transform: Words.timeOrZero)
    var loadTimeout = defaults.loadTimeout

    @Option(
      help: ArgumentHelp(
        """
        Generations of workers that may be alive at once, those that drain among them, from 2 to \
        16; a reload waits for one to end. (default: \(defaults.maxGenerations))
        """, valueName: "n"),
      transform: Words.generationCount)
    var maxGenerations = defaults.maxGenerations

    @Option(
      help: ArgumentHelp(
        """
        Memory that a worker may take for the plugin and for replies that wait, from 16MiB: then \
        the system refuses more. Address space counts, and each thread's whole stack. (default: \
        no limit)
        """, valueName: "bytes"),
      transform: Words.workerMemory)
    var workerMemory: ByteCount?

    @Option(
      help: ArgumentHelp(
        """
        Crash files that are kept, from 1 to 10000: the oldest go; 'none' writes none. (default: \
        \(defaults.crashFiles))
        """, valueName: "n|none"),
      transform: Words.crashFiles)
    var crashFiles = defaults.crashFiles

    @Option(
      help: ArgumentHelp(
        """
        Bytes that a client sent, as text, in one crash file, from 64 to 4MiB; 'none' writes none \
        of them. (default: \(defaults.crashBytes.map(String.init) ?? "none"))
        """, valueName: "bytes|none"),
      transform: Words.crashBytes)
    var crashBytes = defaults.crashBytes

    @Option(
      help: ArgumentHelp(
        """
        What workers wait with: 'epoll', 'uring' (io_uring, from Linux 6.1; epoll with a warning \
        where it is not available), or 'auto' for what measures better. (default: \
        \(defaults.backend.name))
        """, valueName: "auto|epoll|uring"),
      completion: .list(BackendName.allCases.map(\.name)), transform: Words.backend)
    var backend = defaults.backend

    func fill(_ options: inout RunOptions) {
      options.handlerTimeout = handlerTimeout
      options.loadTimeout = loadTimeout
      options.maxGenerations = maxGenerations
      options.workerMemory = workerMemory
      options.crashFiles = crashFiles
      options.crashBytes = crashBytes
      options.backend = backend
    }
  }

#endif
