// A first word that is no command. The default command takes any word for an argument of its own,
// and would say only that it has too many.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Supervisor

  extension Portico {
    /// Parses and runs what the command line says.
    static func main() {
      // What is opened next would otherwise get the number that programs print to.
      HostFacts.openStandardDescriptors()
      HostFacts.surviveFileLimit()
      let arguments = HostFacts.arguments(of: "portico")
      if let word = arguments.first, let sentence = misspelt(word) {
        exit(withError: ValidationError(sentence))
      }
      let command = configuration.subcommands.first {
        $0.configuration.commandName == arguments.first
      }
      if let sentence = repeated(in: arguments, of: command ?? RunCommand.self) {
        exit(withError: ValidationError(sentence))
      }
      main(arguments)
    }

    /// What to say of a word that stands where a command belongs; nil when it may stay.
    private static func misspelt(_ word: String) -> String? {
      let commands =
        configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
      // Shells ask for completions with a word that begins with dashes.
      guard !word.hasPrefix("-"), !commands.contains(word) else { return nil }
      let shown = word.cut(toByteCount: 100).escapedForTerminal
      if let near = Likeness.nearest(to: word, among: commands) {
        return "there is no command '\(shown)': did you mean '\(near)'?"
      }
      if PluginLocator.isPath(word) {
        return "there is no command '\(shown)': a plugin is served with --plugin \(shown)"
      }
      return "there is no command '\(shown)': write one of \(commands.joined(separator: ", "))"
    }
  }

#endif
