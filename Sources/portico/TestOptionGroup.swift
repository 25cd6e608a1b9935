// The options of `portico test` that say which checks are done, and how often.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct TestOptionGroup: ParsableArguments {
    private static let defaults = TestOptions()

    @Option(
      help: ArgumentHelp(
        """
        Do only this check, or this case of it; repeated for several. The checks are pieces, \
        bytes, splits, random, coalesced, interleaved, empty, endless, overlong, halfclose, \
        readonly, promises, slow and leaks.
        """, valueName: "check[:case]"), transform: Words.check)
    var only: [TestOptions.Choice] = []

    @Option(
      help: ArgumentHelp(
        "Where all that is random comes from. (default: another one each time, which is printed)",
        valueName: "n"), transform: Words.seed)
    var seed: UInt64?

    @Option(
      help: ArgumentHelp(
        "Cases of the check random. (default: \(defaults.runs))", valueName: "n"),
      transform: Words.caseCount)
    var runs = defaults.runs

    @Option(
      help: ArgumentHelp(
        "Connections of the check leaks. (default: \(defaults.connections))", valueName: "n"),
      transform: Words.caseCount)
    var connections = defaults.connections

    @Option(
      help: ArgumentHelp(
        "How long an answer may take. (default: \(defaults.timeout))", valueName: "time"),
      transform: Words.time)
    var timeout = defaults.timeout

    @Option(
      help: ArgumentHelp(
        "How long a call of the plugin may take. (default: \(defaults.slowCall))",
        valueName: "time|none"), transform: Words.timeOrNone)
    var slowCall = defaults.slowCall

    func fill(_ options: inout TestOptions) {
      options.only = only
      // Short enough to be typed.
      options.seed = seed ?? UInt64.random(in: 1...999_999)
      options.runs = runs
      options.connections = connections
      options.timeout = timeout
      options.slowCall = slowCall
    }
  }

#endif
