// The options of `portico bench` that say how much load there is, and for how long.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Load
  internal import Supervisor

  struct BenchLoadOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("How many connections there are at a time. (default: 64)", valueName: "n"),
      transform: Words.benchConnections)
    var connections = 64

    @Option(
      help: ArgumentHelp(
        "Requests in flight on each connection. (default: 1)", valueName: "n"),
      transform: Words.pipeline)
    var pipeline = 1

    @Flag(help: "A connection for each request: connect, send, read to the end.")
    var close = false

    @Option(
      help: ArgumentHelp(
        """
        An open loop: so many requests a second over all connections, however the server \
        answers. (default: a closed loop)
        """, valueName: "n"), transform: Words.rate)
    var rate: Int?

    @Option(
      help: ArgumentHelp(
        """
        Load before anything is measured; 0 for none. (default: 1s, none with --requests)
        """, valueName: "time"), transform: Words.timeOrZero)
    var warmUp: TimeLimit?

    @Option(
      help: ArgumentHelp("How long to measure. (default: 10s)", valueName: "time"),
      transform: Words.time)
    var duration: TimeLimit?

    @Option(
      help: ArgumentHelp("Measure exactly so many requests instead.", valueName: "n"),
      transform: Words.requestCount)
    var requests: Int?

    @Option(
      help: ArgumentHelp(
        """
        How long a reply or a connection may take. (default: 5s, 1s for datagrams, which then are \
        lost)
        """, valueName: "time"), transform: Words.time)
    var timeout: TimeLimit?

    @Option(
      help: ArgumentHelp("Threads of the generator. (default: 1)", valueName: "n"),
      transform: Words.threadCount)
    var threads = 1

    func validate() throws {
      guard duration == nil || requests == nil else {
        throw ValidationError("give one of --duration and --requests")
      }
    }

    func fill(_ plan: inout LoadPlan) {
      plan.connections = connections
      plan.pipeline = pipeline
      plan.closes = close
      plan.rate = rate
      plan.threads = threads
      if let requests {
        plan.limit = .requests(requests)
        plan.warmUp = .zero
      } else if let duration = duration?.duration {
        plan.limit = .time(duration)
      }
      if let warmUp { plan.warmUp = warmUp.duration ?? .zero }
      plan.timeout = timeout?.duration ?? .seconds(plan.target.isDatagram ? 1 : 5)
    }
  }

#endif
