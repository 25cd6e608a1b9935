// `portico replay`: what killed a worker, once more, in a process that is thrown away.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Kernel
  internal import Supervisor
  internal import Transcript

  struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "replay", abstract: "Play the input of a crash file to its plugin again.",
      usage: "portico replay <file> [--plugin <name|path>] [<options>]",
      discussion: """
        Crash files lie in the folder crashes of --run-dir. The plugin runs in a process of its \
        own that is thrown away, with the settings of the worker that died (those of --set and \
        --set-file come on top), and one client sends what the file has. Says `reproduced` when \
        the plugin dies in the same way in the same function of the handler, otherwise `not \
        reproduced` and why. The file says which plugin is run: play only files of your own \
        hosts. Exit status: 0 reproduced, 3 not reproduced, 1 when the file or the plugin cannot \
        be used, 64 for a mistake on the command line.
        """)

    @Argument(help: ArgumentHelp("The crash file.", valueName: "file"), completion: .file())
    var file: String

    @Option(
      help: ArgumentHelp(
        "Another plugin than the one that died: one that was repaired, or moved.",
        valueName: "name|path"), completion: .plugin)
    var plugin = ""

    @OptionGroup var settings: SettingOptions

    @Option(
      help: ArgumentHelp(
        "A file whose bytes the plugin gets as they are. (default: the worker's)",
        valueName: "file"))
    var handlerConfig: String?

    @Option(
      help: ArgumentHelp("A folder to look for plugins in; repeated for several.", valueName: "dir")
    )
    var pluginDir: [String] = []

    @Flag(help: "Let the plugin map memory that is writable and executable.")
    var allowWx = false

    @OptionGroup var process: ProcessOptions

    @Option(
      help: ArgumentHelp(
        "How long a call may take before it hangs. (default: the worker's limit, or 10s)",
        valueName: "time"), transform: Words.time)
    var timeout: TimeLimit?

    @Option(
      help: ArgumentHelp(
        "Least level of the log: trace, debug, info, warning or error. (default: info)",
        valueName: "level"), transform: Words.logLevel)
    var logLevel = LogLevel.info

    func run() throws {
      let report = try read()
      var isReproduced = false
      try reportingFailure { () throws(StartFailure) in isReproduced = try replay(report) }
      if !isReproduced { throw ExitCode(3) }
    }

    private func replay(_ report: CrashReport) throws(StartFailure) -> Bool {
      if let reason = report.reasonNotToReplay {
        return show(ReplayVerdict(notReplayed: reason))
      }
      var options = ProbeOptions()
      options.plugin = plugin
      options.pluginFolders = pluginDir
      options.settings = settings.set
      options.settingFiles = settings.setFile
      options.environment = process.env
      options.trust = process.trust
      options.handlerConfigPath = handlerConfig
      options.logLevel = logLevel
      options.allowsWritableExecutable = allowWx
      var replay = try PluginReplay(report, options, timeout: timeout)
      let verdict = try replay.run()
      for note in replay.notes { tell("portico: \(note.escapedForTerminal)") }
      return show(verdict)
    }

    private func show(_ verdict: ReplayVerdict) -> Bool {
      let line = verdict.sentence.escapedForTerminal + "\n"
      try? Descriptor.standardOutput().writeAllWaiting(Array(line.utf8))
      return verdict.isReproduced
    }

    private func read() throws(ExitCode) -> CrashReport {
      let place = file.escapedForTerminal
      var text: [UInt8] = []
      do throws(SystemError) {
        // One more than a crash file may have, so that its parser sees that.
        text = try Files.contents(of: file, limit: CrashReport.maximumByteCount + 1)
      } catch {
        tell("portico: the crash file \(place) cannot be read: \(error.reason)")
        throw ExitCode(1)
      }
      do throws(TranscriptError) {
        return try CrashReport(parsing: text)
      } catch {
        tell("\(place):\(error)")
        throw ExitCode(1)
      }
    }

    private func tell(_ line: String) {
      try? Descriptor.standardError().writeAllWaiting(Array("\(line)\n".utf8))
    }
  }

#endif
