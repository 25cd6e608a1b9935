// The options that `portico call` and `portico test` share: which plugin, and with what settings.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct ProbeOptionGroup: ParsableArguments {
    @Option(
      help: ArgumentHelp("A setting for the plugin; repeated for several.", valueName: "key=value"),
      transform: Words.setting)
    var set: [WorkerConfiguration.Setting] = []

    @Option(
      help: ArgumentHelp("A file whose bytes the plugin gets as they are.", valueName: "file"))
    var handlerConfig: String?

    @Option(
      help: ArgumentHelp("A folder to look for plugins in; repeated for several.", valueName: "dir")
    )
    var pluginDir: [String] = []

    @Flag(help: "Let the plugin map memory that is writable and executable.")
    var allowWx = false

    @Flag(help: "Each request is one datagram, as over a UDP listener.")
    var udp = false

    func validate() throws {
      for (index, setting) in set.enumerated()
      where set[..<index].contains(where: { $0.key == setting.key }) {
        throw ValidationError("--set \(setting.key.escapedForTerminal) is given twice")
      }
    }

    func options(plugin: String) -> ProbeOptions {
      var options = ProbeOptions()
      options.plugin = plugin
      options.pluginFolders = pluginDir
      options.settings = set
      options.handlerConfigPath = handlerConfig
      options.allowsWritableExecutable = allowWx
      options.isDatagram = udp
      return options
    }
  }

#endif
