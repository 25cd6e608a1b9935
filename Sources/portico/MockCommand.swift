// `portico mock`: a server without code, which plays a transcript. The transcript is read here, so
// that a mistake in it is told with the file's name before anything listens; what serves it is the
// shipped plugin `mock`, with the transcript as its configuration file.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor
  internal import Transcript

  struct MockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "mock", abstract: "Serve a transcript, with no code at all.",
      discussion: """
        Each client gets the conversation from its beginning: when it has sent what a > line says, \
        in any pieces, the < lines behind it are answered, and ~ lines delay them. In an answer \
        the wildcard \\? is sent as a question mark, and \\* as nothing. A client that sends \
        something else is logged, with the line, and its connection ends; so it does after the \
        last step. Over UDP, each datagram that equals a > line gets the < lines behind it, a \
        datagram each.

        HUP reads the transcript anew. Exit status: 0 after a clean stop, 1 when the transcript \
        has a mistake (FILE:LINE:COLUMN: what to write instead) or the start fails.
        """)

    @Argument(
      help: ArgumentHelp("The transcript.", valueName: "transcript"), completion: .file())
    var transcript: String

    @Flag(help: "Begin again after the last step, instead of ending the connection.")
    var loop = false

    @OptionGroup(title: "Listening") var listening: ListenOptions
    @OptionGroup(title: "Log") var log: LogOptions
    @OptionGroup(title: "Limits") var limits: LimitOptions
    @OptionGroup(title: "UDP") var datagrams: DatagramOptions
    @OptionGroup(title: "Tests of clients") var filters: FilterOptions

    func run() throws {
      var options = RunOptions()
      listening.fill(&options)
      log.fill(&options)
      limits.fill(&options)
      datagrams.fill(&options)
      filters.fill(&options)
      let takesDatagrams = options.listeners.contains { $0.transport == .udp }
      // At its first mistake, and at what these listeners cannot play.
      _ = try TranscriptArgument.read(transcript) { transcript throws(TranscriptError) in
        _ = try ConversationScript(transcript, loops: loop)
        if takesDatagrams { _ = try transcript.datagramAnswers() }
      }
      options.handlerConfigPath = transcript
      options.settings = [
        WorkerConfiguration.Setting(key: "loop", value: loop ? "on" : "off"),
        WorkerConfiguration.Setting(key: "datagrams", value: takesDatagrams ? "on" : "off"),
      ]
      var status: Int32 = 0
      try reportingFailure { () throws(StartFailure) in
        options.plugin = try Installation.current().shippedPlugin("mock")
        status = try Supervisor(options).run()
      }
      if status != 0 { throw ExitCode(status) }
    }
  }

#endif
