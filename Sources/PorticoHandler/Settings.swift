// `--set KEY=VALUE` and `--handler-config FILE`, read with types. Every refusal names the key.

/// What the operator gave the plugin, for `Handler.load(_:)`.
///
/// Ask there for every key you know: a key that was given and that nobody asked for stops the
/// start, with an error that lists those that were.
public struct Settings {
  private let value: (String) -> String?
  /// The bytes of `--handler-config`, as they are; nil without it.
  public let file: [UInt8]?

  package init(file: [UInt8]?, value: @escaping (String) -> String?) {
    self.file = file
    self.value = value
  }

  /// The value of a key; nil when it was not given.
  public func text(_ key: String) -> String? { value(key) }

  /// The value of a key that has to be given.
  public func required(_ key: String) throws(SettingError) -> String {
    guard let text = value(key) else { throw SettingError(key, "is missing: give --set \(key)=…") }
    return text
  }

  /// A whole number, in decimal.
  public func number(
    _ key: String, in range: ClosedRange<Int> = .min ... .max, default standard: Int
  ) throws(SettingError) -> Int {
    guard let text = value(key) else { return standard }
    guard let number = Int(text), range.contains(number) else {
      let bounds =
        range == .min ... .max ? "" : " from \(range.lowerBound) to \(range.upperBound)"
      throw SettingError(key, "is \"\(text)\": write a whole number\(bounds)")
    }
    return number
  }

  /// `on` or `off`; also `yes`, `no`, `true`, `false`, `1` and `0`.
  public func flag(_ key: String, default standard: Bool) throws(SettingError) -> Bool {
    switch value(key) {
    case nil: return standard
    case "on", "yes", "true", "1": return true
    case "off", "no", "false", "0": return false
    case .some(let text): throw SettingError(key, "is \"\(text)\": write on or off")
    }
  }

  /// A time such as `500ms`, `2s`, `5m` or `1h`.
  public func duration(
    _ key: String, default standard: Duration
  ) throws(SettingError) -> Duration {
    guard let text = value(key) else { return standard }
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
    guard let count = Int64(digits), let unit = units[text[digits.endIndex...]],
      case let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit), !overflow
    else { throw SettingError(key, "is \"\(text)\": write a time such as 500ms, 2s, 5m or 1h") }
    return .milliseconds(milliseconds)
  }

  /// One of a few words: the raw values of an enum.
  public func choice<Choice>(_ key: String, default standard: Choice) throws(SettingError) -> Choice
  where Choice: RawRepresentable<String> & CaseIterable {
    guard let text = value(key) else { return standard }
    guard let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw SettingError(key, "is \"\(text)\": write one of \(words)")
    }
    return choice
  }
}

/// A setting that cannot be used; thrown from `Handler.load(_:)`, it refuses to start with its
/// words.
public struct SettingError: Error, Equatable, CustomStringConvertible {
  /// Which setting.
  public let key: String
  /// What is wrong, and what to write instead; goes behind the key.
  public let reason: String

  /// An error of an author's own: `SettingError("port", "is taken: choose another")`.
  public init(_ key: String, _ reason: String) {
    self.key = key
    self.reason = reason
  }

  /// A sentence for the operator.
  public var description: String { "the setting \(key) \(reason)" }
}

/// A reason not to start, or to end a connection, in the author's own words.
public struct Refusal: Error, Equatable, CustomStringConvertible {
  /// A sentence for the operator.
  public let description: String

  /// `throw Refusal("the table is empty")`
  public init(_ sentence: String) { description = sentence }
}
