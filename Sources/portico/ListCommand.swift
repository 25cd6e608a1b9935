// `portico list`: the plugins that can be found, as a table.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Show the plugins that can be found.",
      discussion: """
        Looks in each --plugin-dir, in the folders of PORTICO_PLUGIN_PATH, and where the shipped \
        plugins lie. Each plugin is loaded in a process of its own that is thrown away.
        """)

    @Option(
      help: ArgumentHelp(
        "A folder to look for plugins in; repeated for several.", valueName: "dir"),
      completion: .directory)
    var pluginDir: [String] = []

    @OptionGroup var process: ProcessOptions

    func run() throws {
      try reportingFailure { () throws(StartFailure) in
        let listing = PluginListing(
          pluginFolders: pluginDir, environment: process.env, trust: process.trust)
        for line in try listing.table() { print(line) }
      }
    }
  }

#endif
