// Words of the command line to values; each refusal is a sentence that says what to write instead.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Supervisor

  /// Transforms for options.
  enum Words {
    @Sendable static func listener(_ word: String) throws -> ListenerURI {
      try validated { () throws(InvalidWord) in try ListenerURI(parsing: word) }
    }

    @Sendable static func receiveSize(_ word: String) throws -> ByteCount {
      try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 1...(16 << 20)) }
    }

    @Sendable static func lingerBytes(_ word: String) throws -> ByteCount {
      try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 0...(1 << 40)) }
    }

    @Sendable static func frameSize(_ word: String) throws -> ByteCount {
      try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 1...(1 << 30)) }
    }

    @Sendable static func queueSize(_ word: String) throws -> ByteCount {
      try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 0...(1 << 40)) }
    }

    @Sendable static func memoryLimit(_ word: String) throws -> ByteCount {
      let least = WorkerBudget.minimumMemory
      return try validated { () throws(InvalidWord) in
        try ByteCount(parsing: word, in: least...(1 << 40))
      }
    }

    @Sendable static func recordSize(_ word: String) throws -> ByteCount? {
      if word == "none" { return nil }
      let size = try validated { () throws(InvalidWord) in
        try ByteCount(parsing: word, in: 4096...(16 << 20))
      }
      return size.roundedUpToPowerOfTwo
    }

    @Sendable static func crashFiles(_ word: String) throws -> CountLimit {
      try validated { () throws(InvalidWord) in try CountLimit(parsing: word, in: 1...10_000) }
    }

    @Sendable static func crashBytes(_ word: String) throws -> ByteCount? {
      if word == "none" { return nil }
      let most = CrashFolder.inputByteCount
      return try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 64...most) }
    }

    @Sendable static func connections(_ word: String) throws -> CountLimit {
      try validated { () throws(InvalidWord) in
        try CountLimit(parsing: word, in: 1...1_000_000_000)
      }
    }

    @Sendable static func amplification(_ word: String) throws -> CountLimit {
      try validated { () throws(InvalidWord) in try CountLimit(parsing: word, in: 1...65535) }
    }

    @Sendable static func datagramRate(_ word: String) throws -> CountLimit {
      try validated { () throws(InvalidWord) in try CountLimit(parsing: word, in: 1...1_000_000) }
    }

    @Sendable static func mutedPorts(_ word: String) throws -> MutedPorts {
      try validated { () throws(InvalidWord) in try MutedPorts(parsing: word) }
    }

    @Sendable static func filter(_ word: String) throws -> FilterList.Word {
      try validated { () throws(InvalidWord) in try FilterList.Word(parsing: word) }
    }

    @Sendable static func backend(_ word: String) throws -> BackendName {
      guard let backend = BackendName.allCases.first(where: { $0.name == word }) else {
        throw ValidationError("write auto, epoll or uring")
      }
      return backend
    }

    @Sendable static func overLimit(_ word: String) throws -> OverLimit {
      guard let overLimit = OverLimit(rawValue: word) else {
        throw ValidationError("write wait or reject")
      }
      return overLimit
    }

    @Sendable static func replyBudget(_ word: String) throws -> Int {
      let range = 1000...1_000_000_000
      guard let count = Int(unsignedDigits: word), range.contains(count) else {
        throw ValidationError(
          "write a number of addresses from \(range.lowerBound) to \(range.upperBound)")
      }
      return count
    }

    @Sendable static func time(_ word: String) throws -> TimeLimit {
      try validated { () throws(InvalidWord) in try TimeLimit(parsing: word, allowsNone: false) }
    }

    @Sendable static func timeOrNone(_ word: String) throws -> TimeLimit {
      try validated { () throws(InvalidWord) in try TimeLimit(parsing: word, allowsNone: true) }
    }

    /// What may be switched off for a debugger: also with 0.
    @Sendable static func timeOrZero(_ word: String) throws -> TimeLimit {
      word == "0" ? TimeLimit.none : try timeOrNone(word)
    }

    @Sendable static func generationCount(_ word: String) throws -> Int {
      guard let count = Int(unsignedDigits: word), (2...16).contains(count) else {
        throw ValidationError("write a number of generations from 2 to 16")
      }
      return count
    }

    @Sendable static func workerMemory(_ word: String) throws -> ByteCount {
      let least = WorkerBudget.minimumMemory
      return try validated { () throws(InvalidWord) in
        try ByteCount(parsing: word, in: least...(1 << 40))
      }
    }

    @Sendable static func workerCount(_ word: String) throws -> Int {
      let limit = RunOptions.maximumWorkerCount
      guard let count = Int(unsignedDigits: word), (1...limit).contains(count) else {
        throw ValidationError("write a number of workers from 1 to \(limit)")
      }
      return count
    }

    @Sendable static func pid(_ word: String) throws -> Int32 {
      guard let number = Int(unsignedDigits: word), let pid = Int32(exactly: number), pid > 0 else {
        throw ValidationError("write a process number, as portico status shows it")
      }
      return pid
    }

    @Sendable static func callData(_ word: String) throws -> CallRequest {
      try validated { () throws(InvalidWord) in try CallRequest.data(word) }
    }

    @Sendable static func callHex(_ word: String) throws -> CallRequest {
      try validated { () throws(InvalidWord) in try CallRequest.hex(word) }
    }

    @Sendable static func callFile(_ word: String) throws -> CallRequest { CallRequest.file(word) }

    @Sendable static func check(_ word: String) throws -> TestOptions.Choice {
      try validated { () throws(InvalidWord) in try TestOptions.Choice(parsing: word) }
    }

    @Sendable static func seed(_ word: String) throws -> UInt64 {
      guard word.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seed = UInt64(word) else {
        throw ValidationError("write a number, as the test printed it")
      }
      return seed
    }

    @Sendable static func caseCount(_ word: String) throws -> UInt32 {
      guard let count = Int(unsignedDigits: word), (1...10_000_000).contains(count) else {
        throw ValidationError("write a number from 1 to 10000000")
      }
      return UInt32(count)
    }

    @Sendable static func repeatCount(_ word: String) throws -> Int {
      guard let count = Int(unsignedDigits: word), (1...10_000_000).contains(count) else {
        throw ValidationError("write a number from 1 to 10000000")
      }
      return count
    }

    @Sendable static func setting(_ word: String) throws -> WorkerConfiguration.Setting {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
        throw ValidationError("write a setting as KEY=VALUE, such as greeting=hello")
      }
      return WorkerConfiguration.Setting(
        key: String(word[..<equals]), value: String(word[word.index(after: equals)...]))
    }

    @Sendable static func settingFile(_ word: String) throws -> SettingFile {
      guard let equals = word.firstIndex(of: "="), equals != word.startIndex,
        word.index(after: equals) != word.endIndex
      else {
        throw ValidationError(
          "write a setting and its file as KEY=FILE, such as password=/etc/portico/password")
      }
      return SettingFile(
        key: String(word[..<equals]), path: String(word[word.index(after: equals)...]))
    }

    @Sendable static func environmentWord(_ word: String) throws -> EnvironmentWord {
      let name = word.prefix { $0 != "=" }
      let isName = name.unicodeScalars.allSatisfy {
        "A"..."Z" ~= $0 || "a"..."z" ~= $0 || "0"..."9" ~= $0 || $0 == "_"
      }
      guard isName, let first = name.first, !first.isNumber else {
        throw ValidationError("write a variable as NAME=VALUE or NAME, such as TZ=UTC")
      }
      let value = name.count < word.count ? String(word.dropFirst(name.count + 1)) : nil
      return EnvironmentWord(name: String(name), value: value)
    }

    @Sendable static func logLevel(_ word: String) throws -> LogLevel {
      guard let level = LogLevel.allCases.first(where: { $0.name == word }) else {
        let names = LogLevel.allCases.map(\.name).joined(separator: ", ")
        throw ValidationError("write a level: one of \(names)")
      }
      return level
    }

    @Sendable static func logFormat(_ word: String) throws -> LogFormat {
      guard let format = LogFormat(rawValue: word) else {
        throw ValidationError("write text or json")
      }
      return format
    }

    @Sendable static func part(_ word: String) throws -> Installation.Part {
      guard let part = Installation.Part(rawValue: word) else {
        let names = Installation.Part.allCases.map(\.rawValue)
        let meant = Likeness.nearest(to: word, among: names).map { "did you mean \($0)? " } ?? ""
        throw ValidationError(meant + "write one of \(names.joined(separator: ", "))")
      }
      return part
    }

    @Sendable static func language(_ word: String) throws -> HandlerName.Language {
      guard let language = HandlerName.Language(rawValue: word) else {
        throw ValidationError(
          "write c or swift; a handler in another language is a library that exports `handle`")
      }
      return language
    }

    static func validated<Value>(
      _ parse: () throws(InvalidWord) -> Value
    ) throws(ValidationError) -> Value {
      do throws(InvalidWord) {
        return try parse()
      } catch {
        throw ValidationError(error.description)
      }
    }
  }

#endif
