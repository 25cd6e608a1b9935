// `portico inspect`: everything that can be told about one plugin without serving it.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect", abstract: "Show what one plugin is, needs and promises.",
      discussion: "The plugin is loaded in a process of its own that is thrown away.")

    @Argument(
      help: ArgumentHelp("The plugin: a path or a name, as for --plugin.", valueName: "file|name"),
      completion: .plugin)
    var plugin: String

    @Option(
      help: ArgumentHelp(
        "A folder to look for plugins in; repeated for several.", valueName: "dir"),
      completion: .directory)
    var pluginDir: [String] = []

    @OptionGroup var process: ProcessOptions

    func run() throws {
      try reportingFailure { () throws(StartFailure) in
        let inspection = PluginInspection(
          plugin: plugin, pluginFolders: pluginDir, environment: process.env,
          trust: process.trust)
        for line in try inspection.lines() { print(line) }
      }
    }
  }

#endif
