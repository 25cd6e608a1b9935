// The options that `portico call` and `portico test` share: which plugin, and with what settings.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct ProbeOptionGroup: ParsableArguments {
    @OptionGroup var settings: SettingOptions

    @Option(
      help: ArgumentHelp("A file whose bytes the plugin gets as they are.", valueName: "file"))
    var handlerConfig: String?

    @Option(
      help: ArgumentHelp("A folder to look for plugins in; repeated for several.", valueName: "dir")
    )
    var pluginDir: [String] = []

    @Flag(help: "Let the plugin map memory that is writable and executable.")
    var allowWx = false

    @OptionGroup var process: ProcessOptions

    @Flag(help: "Each request is one datagram, as over a UDP listener.")
    var udp = false

    func options(plugin: String) -> ProbeOptions {
      var options = ProbeOptions()
      options.plugin = plugin
      options.pluginFolders = pluginDir
      options.settings = settings.set
      options.settingFiles = settings.setFile
      options.environment = process.env
      options.trust = process.trust
      options.handlerConfigPath = handlerConfig
      options.allowsWritableExecutable = allowWx
      options.isDatagram = udp
      return options
    }
  }

#endif
