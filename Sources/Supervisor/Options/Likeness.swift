// Which of the words that there are somebody may have meant. Pure; for sentences only, never to
// guess and go on.

/// Finds the word nearest to a misspelt one.
package enum Likeness {
  /// The nearest of `words`: at most a third of the letters differ, an exchange of two neighbours
  /// counts as one difference, and of equals the first is taken. Nil when none is near.
  package static func nearest(to word: String, among words: [String]) -> String? {
    // A word that long was no slip of a finger, and the table below grows with its square.
    guard word.utf8.count <= 64 else { return nil }
    let limit = max(1, word.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in words where candidate.utf8.count <= 64 && candidate != word {
      let distance = distance(word, candidate)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// Letters to insert, remove, replace or exchange with their neighbour: what is known as optimal
  /// string alignment.
  package static func distance(_ one: String, _ other: String) -> Int {
    let (a, b) = (Array(one.lowercased()), Array(other.lowercased()))
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var cost = min(
          rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          cost = min(cost, rows[i - 1][j - 1] + 1)
        }
        row.append(cost)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
