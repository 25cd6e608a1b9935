// The options of `portico run` that say what is served, where, and by whom.

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
      help: ArgumentHelp(
        """
        Where to listen, repeated for several: tcp://HOST:PORT or udp://HOST:PORT, where * is \
        every address and port 0 picks one; unix:PATH, with ?mode=0660 behind it for the file's \
        mode (otherwise what the umask leaves). (default: \(defaults.listeners[0]))
        """,
        valueName: "uri"), transform: Words.listener)
    var listen: [ListenerURI] = []

    @Option(
      help: ArgumentHelp(
        """
        Worker processes. (default: one for each core if the plugin promises SHARDED, as far as \
        the control group gives time for them, otherwise 1)
        """,
        valueName: "n"), transform: Words.workerCount)
    var workers: Int?

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

    @Option(
      help: ArgumentHelp(
        """
        Run workers, and so the plugin, as this user; the supervisor stays root. (default: what \
        Portico was started as)
        """, valueName: "name|uid"))
    var user: String?

    @Option(
      help: ArgumentHelp(
        """
        Run workers with this group. (default: the first group of --user)
        """, valueName: "name|gid"))
    var group: String?

    @Option(
      help: ArgumentHelp(
        """
        Folder for portico.pid while Portico runs, made with mode 0700 if missing. Without \
        it nothing is written anywhere.
        """,
        valueName: "dir"),
      completion: .directory)
    var runDir: String?

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
      for (index, uri) in listen.enumerated() where listen[..<index].contains(where: uri.collides) {
        throw ValidationError("--listen \(uri.description.escapedForTerminal) is given twice")
      }
      for (index, setting) in set.enumerated()
      where set[..<index].contains(where: { $0.key == setting.key }) {
        throw ValidationError("--set \(setting.key.escapedForTerminal) is given twice")
      }
    }

    func fill(_ options: inout RunOptions) {
      options.plugin = plugin
      options.pluginFolders = pluginDir
      if !listen.isEmpty { options.listeners = listen }
      options.workerCount = workers
      options.settings = set
      options.handlerConfigPath = handlerConfig
      options.user = user
      options.group = group
      options.runFolder = runDir
      options.isStrict = strict
      options.allowsWritableExecutable = allowWx
    }
  }

#endif
