// Of the processes that run a plugin: which plugins they take, and what their environment has.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct ProcessOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        """
        A variable of the plugin's environment: with a value, or by name alone with the one that \
        Portico has; repeated for several.
        """, valueName: "name[=value]"),
      transform: Words.environmentWord)
    var env: [EnvironmentWord] = []

    @Flag(
      help: """
        Load plugins that others than root and this user can change: by their file, or by a folder \
        on the way to it.
        """)
    var allowUntrustedPlugin = false

    func validate() throws {
      for (index, word) in env.enumerated()
      where env[..<index].contains(where: { $0.name == word.name }) {
        throw ValidationError("--env \(word.name) is given twice")
      }
    }

    var trust: PluginTrust { allowUntrustedPlugin ? .anybodys : .own(worker: nil) }
  }

#endif
