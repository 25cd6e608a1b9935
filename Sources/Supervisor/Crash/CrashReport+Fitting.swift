// How much of a report a crash file may have. Pure: what does not fit is left out and counted.

internal import Control

extension CrashReport {
  /// Of one fact, a name or a path. No path is longer.
  private static let factByteCount = 4096
  private static let frameCount = 64
  private static let frameByteCount = 1024
  private static let settingsByteCount = 256 << 10

  /// The same with no more input than fits as text: the oldest calls go first, then the last bytes
  /// of the last one. Everything else is bounded, too. What was left out is counted.
  package func fitted(toByteCount limit: Int) -> CrashReport {
    var fitted = self
    fitted.frames = frames.prefix(Self.frameCount).map { $0.cut(toByteCount: Self.frameByteCount) }
    for path in [\CrashReport.hostVersion, \.handler, \.pluginPath, \.fingerprint] {
      fitted[keyPath: path] = fitted[keyPath: path].cut(toByteCount: Self.factByteCount)
    }
    for path in [\CrashReport.hook, \.function, \.peer, \.listener, \.handlerConfigPath] {
      fitted[keyPath: path] = fitted[keyPath: path]?.cut(toByteCount: Self.factByteCount)
    }
    fitted.fitSettings()
    fitted.fitInput(limit)
    return fitted
  }

  /// The same without any of the client's bytes.
  package var withoutInput: CrashReport {
    var rest = fitted(toByteCount: .max)
    guard !input.isEmpty else { return rest }
    rest.leftOutByteCount = input.reduce(0) { $0 + UInt64($1.count) }
    rest.input = []
    return rest
  }

  private mutating func fitSettings() {
    var byteCount = 0
    let kept = settings.prefix { setting in
      byteCount += setting.key.utf8.count + setting.value.utf8.count + 16
      return byteCount <= Self.settingsByteCount
    }
    missingSettingCount += settings.count - kept.count
    settings = Array(kept)
  }

  /// Three characters for a byte, and a mark, is the most that a line has.
  private static func lineByteCount(_ piece: [UInt8]) -> Int { 3 * piece.count + 16 }

  private mutating func fitInput(_ limit: Int) {
    guard let last = input.last, input.reduce(0, { $0 + Self.lineByteCount($1) }) > limit else {
      return
    }
    var (byteCount, first) = (0, input.count)
    while first > 0 {
      if input[first - 1].count > limit - byteCount { break }
      // Text is mostly shorter than the most: worth looking at when it matters.
      byteCount += Self.lines(input[(first - 1)..<first]).utf8.count
      if byteCount > limit { break }
      first -= 1
    }
    if first == input.count {
      let kept = last.prefix(max(0, limit - 16) / 3)
      cutByteCount += UInt64(last.count - kept.count)
      input[input.count - 1] = Array(kept)
      first -= 1
    }
    missingByteCount = (missingByteCount ?? 0) + input[..<first].reduce(0) { $0 + UInt64($1.count) }
    input.removeFirst(first)
  }
}
