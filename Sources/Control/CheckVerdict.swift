// What a probe found out in one check. A probe that crashes or hangs says none: whoever started it
// then has the shared page.

/// The result of a check.
public struct CheckVerdict: Equatable, Sendable {
  /// How it came out.
  public enum Outcome: UInt8, Sendable {
    case passed, failed, skipped
  }

  /// How it came out.
  public var outcome = Outcome.passed
  /// Cases that were played.
  public var cases: UInt32 = 0
  /// Cases that the check has.
  public var allCases: UInt32 = 0
  /// The case that failed; 0 for none.
  public var failedCase: UInt32 = 0
  /// What was wrong, a line each; or why it was skipped.
  public var lines: [String] = []
  /// What is worth knowing although nothing was wrong.
  public var notes: [String] = []
  /// The longest call of the handler, and the case that it was in.
  public var slowest_ns: UInt64 = 0
  /// See `slowest_ns`.
  public var slowestCase: UInt32 = 0
  /// The function that took so long.
  public var slowestHook = ""

  /// A check that passed without a case.
  public init() {}

  /// One that was not done, and why.
  public static func skipped(_ reason: String) -> CheckVerdict {
    var verdict = CheckVerdict()
    verdict.outcome = .skipped
    verdict.lines = [reason]
    return verdict
  }

  func encode(into wire: inout WireEncoder) {
    wire.put(outcome.rawValue)
    for number in [cases, allCases, failedCase, slowestCase] { wire.put(number) }
    wire.put(slowest_ns)
    wire.put(slowestHook)
    wire.put(lines)
    wire.put(notes)
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    guard let outcome = Outcome(rawValue: try wire.number("outcome")) else {
      throw MalformedMessage(part: "outcome")
    }
    self.outcome = outcome
    cases = try wire.number("cases")
    allCases = try wire.number("cases")
    failedCase = try wire.number("case")
    slowestCase = try wire.number("case")
    slowest_ns = try wire.number("time")
    slowestHook = try wire.text("function")
    lines = try wire.texts("lines")
    notes = try wire.texts("notes")
  }
}
