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

    @OptionGroup var settings: SettingOptions

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

    @OptionGroup var process: ProcessOptions

    @Flag(
      help: """
        Let debuggers of the worker's user attach to workers, and the like of them read their \
        memory; a limit of core files above 0 does it as well.
        """)
    var allowDebugger = false

    func fill(_ options: inout RunOptions) {
      options.plugin = plugin
      options.pluginFolders = pluginDir
      options.settings = settings.set
      options.settingFiles = settings.setFile
      options.environment = process.env
      options.trust = process.trust
      options.handlerConfigPath = handlerConfig
      options.isStrict = strict
      options.allowsWritableExecutable = allowWx
      options.allowsDebugger = allowDebugger
    }
  }

#endif
