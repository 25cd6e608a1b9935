// The options of `portico run` that say what is served.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct ServeOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Plugin to serve: a name, or a path if it has a '/' or ends in .so.
        """, valueName: "name|path"),
      completion: .plugin)
    var plugin = defaults.plugin

    @Option(
      help: ArgumentHelp(
        """
        A folder to look for plugins in, before those of PORTICO_PLUGIN_PATH and the shipped \
        ones; repeated for several.
        """,
        valueName: "dir"),
      completion: .directory)
    var pluginDir: [String] = []

    @Option(
      help: ArgumentHelp("A setting for the plugin; repeated for several.", valueName: "key=value"),
      transform: Words.setting)
    var set: [WorkerConfiguration.Setting] = []

    @Option(
      help: ArgumentHelp(
        """
        A file whose bytes the plugin gets as they are.
        """, valueName: "file"),
      completion: .file())
    var handlerConfig: String?

    @Flag(
      help: """
        Hold the plugin to its promises: never use a reply's address again; breaches are \
        counted and logged.
        """)
    var strict = false

    @Flag(
      help: """
        Let the plugin map memory that is writable and executable (for plugins that compile \
        at run time).
        """)
    var allowWx = false

    func validate() throws {
      for (index, setting) in set.enumerated()
      where set[..<index].contains(where: { $0.key == setting.key }) {
        throw ValidationError("--set \(setting.key.escapedForTerminal) is given twice")
      }
    }

    func fill(_ options: inout RunOptions) {
      options.plugin = plugin
      options.pluginFolders = pluginDir
      options.settings = set
      options.handlerConfigPath = handlerConfig
      options.isStrict = strict
      options.allowsWritableExecutable = allowWx
    }
  }

#endif
