// A sentence of the article, and what was seen of it. Verdict and sentence are computed from the
// results; a run that contradicts a claim says so, and the lesson then ends with status 1.

/// What a claim came to.
public struct Claim: Codable, Equatable, Sendable {
  /// A judgement.
  public enum Verdict: String, Codable, Sendable {
    case held
    case caveat = "held, with a caveat"
    case tooSimple = "too simple"
    /// What was measured contradicts what should have been seen.
    case contradicted
    /// The runs that would show it were not made.
    case notShown = "not shown"
  }

  /// Short name, for anchors and tests: `handshake`, `order`, `loss`, `duplicates`, `errors`,
  /// `blocking`, `cost`, `boundaries`.
  public var id: String
  /// As the article has it.
  public var claim: String
  /// What was seen of it.
  public var verdict: Verdict
  /// One sentence or two, with the figures that show it.
  public var finding: String
  /// Ids of the page's pictures and tables that show it.
  public var pictures: [String]

  /// A judged claim.
  public init(id: String, claim: String, verdict: Verdict, finding: String, pictures: [String]) {
    self.id = id
    self.claim = claim
    self.verdict = verdict
    self.finding = finding
    self.pictures = pictures
  }
}
