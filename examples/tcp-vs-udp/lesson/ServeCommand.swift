// `lesson serve`: portico with the plugin `seq`, watched.

internal import ArgumentParser
internal import Kernel
internal import Lesson

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve the plugin seq, and watch what it costs.",
    discussion: """
      Serves TCP and UDP until TERM, INT, HUP or QUIT, and then writes down what arrived, and what \
      the worker used. Exit status: 0 after that, 1 when portico cannot be started or ends by \
      itself, 64 for a mistake on the command line.
      """)

  @Option(help: ArgumentHelp("The program portico.", valueName: "file"))
  var portico: String

  @Option(help: ArgumentHelp("The plugin seq, libseq.so.", valueName: "file"))
  var plugin: String

  @Option(help: ArgumentHelp("On all addresses, for both transports.", valueName: "n"))
  var port: UInt16 = 7788

  @Flag(help: "Count the worker's system calls, with strace. Slows it down.")
  var trace = false

  @Option(help: ArgumentHelp("Write the result there, as JSON.", valueName: "file"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "An open descriptor: a line is written there once the server answers, and it is closed.",
      valueName: "n"))
  var readyFd: Int32?

  mutating func validate() throws {
    if port == 0 { throw ValidationError("--port is 0: write a number from 1 to 65535") }
    if let readyFd, readyFd < 0 {
      throw ValidationError("--ready-fd is \(readyFd): write the number of an open descriptor")
    }
  }

  mutating func run() throws {
    let plan = ServePlan(portico: portico, plugin: plugin, port: port, isTraced: trace)
    let readyFd = readyFd
    let tell: () throws(LessonFailure) -> Void = { () throws(LessonFailure) in
      guard let readyFd else { return }
      do throws(SystemError) {
        try Descriptor(owning: readyFd).writeAllWaiting(Array("ready\n".utf8))
      } catch {
        throw LessonFailure("--ready-fd \(readyFd) cannot be written to: \(error.reason)")
      }
    }
    try telling {
      guard let report else {
        try print(Server.run(plan, whenReady: tell).summary)
        return
      }
      let file = try ReportFile(report)
      let result = try Server.run(plan, whenReady: tell)
      try file.write(result)
      print(result.summary)
    }
  }
}
