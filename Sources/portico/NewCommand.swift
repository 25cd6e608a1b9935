// `portico new`: a folder to begin a handler with.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "new", abstract: "Begin a handler: a folder that builds with one `make`.",
      discussion: """
        The folder holds a handler, a transcript, a test, a Makefile and a README that leads \
        through them. Nothing that is there is overwritten.
        """)

    private static let languages = HandlerName.Language.allCases.map(\.rawValue)

    @Argument(
      help: ArgumentHelp(
        """
        What the handler is called: letters, digits, _ and -, beginning with a letter.
        """, valueName: "name"))
    var name: String

    @Option(
      help: ArgumentHelp("What it is written in: c or swift.", valueName: "language"),
      completion: .list(languages), transform: Words.language)
    var language: HandlerName.Language

    @Option(
      help: ArgumentHelp(
        "The folder to make. (default: the handler's name, in the current folder)",
        valueName: "dir"),
      completion: .directory)
    var folder: String?

    func validate() throws { _ = try handlerName() }

    func run() throws {
      let name = try handlerName()
      let folder = folder ?? name.text
      try reportingFailure { () throws(StartFailure) in
        guard !folder.isEmpty else { throw StartFailure("the name of the --folder is empty") }
        try Scaffold(name, in: language).make(folder)
        print("made \(folder): `make -C \(folder) run` serves it; \(folder)/README.md says more")
      }
    }

    private func handlerName() throws -> HandlerName {
      do throws(InvalidWord) {
        return try HandlerName(name, for: language)
      } catch {
        throw ValidationError(error.description.escapedForTerminal)
      }
    }
  }

#endif
