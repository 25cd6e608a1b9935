// An option that takes one value and is given twice. The parser would take the last one without a
// word, and whoever wrote the first would believe in it.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser

  /// What the types of a command's properties say of their options.
  private protocol CommandOption {
    static var isRepeatable: Bool { get }
  }

  private protocol CommandOptionGroup {
    static var options: any ParsableArguments.Type { get }
  }

  private protocol List {}
  extension Array: List {}

  extension Option: CommandOption {
    fileprivate static var isRepeatable: Bool { Value.self is any List.Type }
  }

  extension OptionGroup: CommandOptionGroup {
    fileprivate static var options: any ParsableArguments.Type { Value.self }
  }

  extension Portico {
    /// What to say of an option of `command` that is given twice and takes one value; nil for none.
    static func repeated(in arguments: [String], of command: any ParsableCommand.Type) -> String? {
      let names = singleOptions(of: command)
      var given: Set<String> = []
      for word in arguments.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
        let name = String(word.prefix { $0 != "=" })
        guard names.contains(name) else { continue }
        guard given.insert(name).inserted else { return "\(name) is given twice: write it once" }
      }
      return nil
    }

    /// Those that take one value: `--run-dir`.
    private static func singleOptions(of command: any ParsableArguments.Type) -> Set<String> {
      var names: Set<String> = []
      for (label, value) in Mirror(reflecting: command.init()).children {
        if let group = type(of: value) as? any CommandOptionGroup.Type {
          names.formUnion(singleOptions(of: group.options))
        } else if let label, let option = type(of: value) as? any CommandOption.Type,
          !option.isRepeatable
        {
          names.insert(optionName(of: label))
        }
      }
      return names
    }

    /// As the parser derives it from a property: `--run-dir` from `_runDir`.
    private static func optionName(of label: String) -> String {
      label.drop { $0 == "_" }.reduce(into: "--") { name, character in
        name += character.isUppercase ? "-\(character.lowercased())" : "\(character)"
      }
    }
  }

#endif
