// The settings of a plugin, by their values or by the files that these stand in.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  struct SettingOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp("A setting for the plugin; repeated for several.", valueName: "key=value"),
      transform: Words.setting)
    var set: [WorkerConfiguration.Setting] = []

    @Option(
      help: ArgumentHelp(
        """
        A setting whose value is the text of a file, without the end of its last line: for \
        secrets, which a command line would show to everybody; repeated for several.
        """, valueName: "key=file"),
      completion: .file(), transform: Words.settingFile)
    var setFile: [SettingFile] = []

    func validate() throws {
      var keys: Set<String> = []
      for (option, key) in set.map({ ("--set", $0.key) }) + setFile.map({ ("--set-file", $0.key) })
      where !keys.insert(key).inserted {
        let isOfBoth = set.contains { $0.key == key } && setFile.contains { $0.key == key }
        let how = isOfBoth ? "is given by --set and by --set-file" : "is given twice"
        throw ValidationError("\(option) \(key.escapedForTerminal) \(how)")
      }
    }
  }

#endif
