// What was wrong in a case, as lines for a person.

internal import Transcript

struct CaseFailure {
  var lines: [String]

  init(_ lines: [String]) { self.lines = lines }

  /// A sentence about a place in a transcript.
  init(_ file: String, line: Int, _ sentence: String) { lines = ["\(file):\(line): \(sentence)"] }

  /// An answer that is not as written, with both below each other.
  init(_ file: String, _ mismatch: TranscriptMismatch, whose: String, why: String = "") {
    let what =
      switch mismatch.kind {
      case .differs: "another answer came"
      case .excess: "more came than was expected"
      case .missing: mismatch.received.isEmpty ? "no answer came" : "not all of the answer came"
      }
    let place = mismatch.line == 0 ? file : "\(file):\(mismatch.line)"
    lines = ["\(place): \(what)\(whose)\(why)"] + mismatch.drawing.map { "  \($0)" }
  }
}
