// The options of `portico run` that say when a worker is given up, and what it may take.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
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

    func fill(_ options: inout RunOptions) {
      options.handlerTimeout = handlerTimeout
      options.loadTimeout = loadTimeout
      options.maxGenerations = maxGenerations
      options.workerMemory = workerMemory
    }
  }

#endif
