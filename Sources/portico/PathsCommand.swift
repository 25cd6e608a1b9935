// `portico paths`: where the header, the kit and the plugins of this installation lie, for
// Makefiles and people.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct PathsCommand: ParsableCommand {
    private static let parts = Installation.Part.allCases.map(\.rawValue)

    static let configuration = CommandConfiguration(
      commandName: "paths",
      abstract: "Show where the header, the Swift kit and the plugins are.",
      discussion: """
        With the name of a part only its folder is printed, and it is an error when it is not \
        there: cc -I"$(portico paths include)" finds portico.h.
        """)

    @Argument(
      help: ArgumentHelp(
        "One of \(parts.joined(separator: ", ")).", valueName: "part"),
      completion: .list(parts), transform: Words.part)
    var part: Installation.Part?

    func run() throws {
      let installation = Installation.current()
      try reportingFailure { () throws(StartFailure) in
        if let part { return print(try installation.existing(part)) }
        for part in Installation.Part.allCases {
          let name = part.rawValue
          let gap = String(repeating: " ", count: 11 - name.count)
          print(name + gap + installation.folder(of: part))
        }
      }
    }
  }

#endif
