// `lesson client`: sends numbered messages and counts what becomes of them.

internal import ArgumentParser
internal import BadNetwork
internal import Lesson

/// Reads a time from the command line.
@Sendable
private func time(_ word: String) throws -> TimeSpan {
  do {
    return try TimeSpan(parsing: word)
  } catch {
    throw ValidationError(error.description)
  }
}

struct ClientCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Send numbered messages and count what becomes of them.",
    discussion: """
      What is lost, repeated or late is a result and no error. Times are such as 500us, 10ms or \
      2s. INT ends the run at once, with what there is. Exit status: 0 when the run could be made, \
      1 when there was no connection or it broke, 64 for a mistake on the command line.
      """)

  @Argument(help: ArgumentHelp("tcp://HOST:PORT or udp://HOST:PORT.", valueName: "server"))
  var server: String

  @Option(help: ArgumentHelp("Messages.", valueName: "n"))
  var count = 100

  @Option(
    help: ArgumentHelp(
      "Time from one burst to the next; over one TCP connection counted from when that is there. "
        + "(default: 10ms; 1ms with --peers; none where each message waits for an answer)",
      valueName: "time"), transform: time)
  var every: TimeSpan?

  @Option(
    help: ArgumentHelp(
      "Messages that are due together: one write over TCP, datagrams back to back over UDP.",
      valueName: "n"))
  var burst = 1

  @Flag(help: "Send the next burst when the last was answered, or given up after --wait.")
  var lockstep = false

  @Option(help: ArgumentHelp("Of a message, its line feed included.", valueName: "bytes"))
  var size = 64

  @Option(
    help: ArgumentHelp(
      "How long nothing new may come, when everything is sent, before the rest counts as lost.",
      valueName: "time"), transform: time)
  var wait = TimeSpan.milliseconds(1000)

  @Option(help: ArgumentHelp("The end in any case.", valueName: "time"), transform: time)
  var deadline = TimeSpan.milliseconds(20_000)

  @Flag(help: "UDP: send a datagram again that is not answered, up to ten times.")
  var resend = false

  @Option(help: ArgumentHelp("When to.", valueName: "time"), transform: time)
  var resendAfter = TimeSpan.milliseconds(200)

  @Flag(help: "UDP: leave out the checksum.")
  var unchecked = false

  @Option(
    help: ArgumentHelp("Read no answer before that time.", valueName: "time"), transform: time)
  var readAfter: TimeSpan?

  @Flag(help: "TCP: a connection for each message, one after the other.")
  var connectionEach = false

  @Flag(help: "A socket for each message, all kept until the end and a second longer.")
  var peers = false

  @Option(
    help: ArgumentHelp(
      "How long to stay when all is done, for what comes late.", valueName: "time"),
    transform: time)
  var linger: TimeSpan?

  @Option(help: ArgumentHelp("Write the result there, as JSON.", valueName: "file"))
  var report: String?

  private func plan() throws -> ClientPlan {
    var plan = ClientPlan(try ServerAddress(server))
    plan.count = count
    plan.every = every?.duration
    plan.burst = burst
    plan.isLockstep = lockstep
    plan.size = size
    plan.wait = wait.duration
    plan.deadline = deadline.duration
    plan.resendAfter = resend ? resendAfter.duration : nil
    plan.isUnchecked = unchecked
    plan.readAfter = readAfter?.duration ?? .zero
    plan.linger = linger?.duration ?? .zero
    if peers && connectionEach {
      throw LessonFailure("--peers keeps its connections, --connection-each does not: choose one")
    }
    plan.sockets = peers ? .many : connectionEach ? .oneAfterAnother : .one
    try plan.validate()
    return plan
  }

  mutating func validate() throws {
    do { _ = try plan() } catch let error as LessonFailure {
      throw ValidationError(error.description)
    }
  }

  mutating func run() throws {
    let plan = try plan()
    try telling {
      let result: ClientReport
      if let report {
        let file = try ReportFile(report)
        result = try CountingClient.run(plan)
        try file.write(result)
      } else {
        result = try CountingClient.run(plan)
      }
      for line in result.summary { print(line) }
      if let failure = result.failure(server: plan.server) { throw LessonFailure(failure) }
    }
  }
}
