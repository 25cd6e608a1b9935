// The sentences of the article with what came of them: what the page is read for, so it stands at
// its top. A verdict has a sign and a word as well as a colour.

/// The table `claims`.
struct ClaimsTable {
  let claims: [Claim]
  /// What a picture is called on the page, and nothing of one that is not there: `figure 3`.
  let reference: (String) -> String?

  /// The table, or nothing if there is no claim.
  var markup: Markup? {
    guard !claims.isEmpty else { return nil }
    return Markup(
      "table", ["class": "claims", "data-table": "claims", "data-count": String(claims.count)],
      [
        Markup("caption", ["class": "unseen"], text: "What the article says, and what was seen"),
        Markup(
          "thead", [:],
          [
            Markup(
              "tr", [:],
              ["The article says", "Verdict", "What was seen"].map {
                Markup("th", ["scope": "col"], text: $0)
              })
          ]),
        Markup("tbody", [:], claims.map(row)),
      ])
  }

  private func row(_ claim: Claim) -> Markup {
    let links = claim.pictures.compactMap { picture in
      reference(picture).map { Markup("a", ["href": "#" + picture], text: $0) }
    }
    let list = links.isEmpty ? [] : [Markup(text: " ")] + links.flatMap { [Markup(text: " "), $0] }
    return Markup(
      "tr",
      [
        "id": "claim-" + claim.id, "class": "datum-row", "data-claim": claim.id,
        "data-verdict": claim.verdict.rawValue,
      ],
      [
        Markup("th", ["scope": "row"], text: claim.claim),
        Markup("td", [:], [claim.verdict.badge]),
        Markup(
          "td", [:],
          [Markup(text: claim.finding), Markup("span", ["class": "links"], list)]),
      ])
  }
}

extension Claim {
  /// Of `duplicates`, `Duplicates`.
  var name: String { id.prefix(1).uppercased() + id.dropFirst() }
}

extension Claim.Verdict {
  /// A sign of its own for each verdict.
  var sign: String {
    switch self {
    case .held: "✓"
    case .caveat: "◐"
    case .tooSimple: "△"
    case .contradicted: "✕"
    case .notShown: "?"
    }
  }

  /// Its class in the style sheet.
  var style: String {
    switch self {
    case .held: "held"
    case .caveat: "caveat"
    case .tooSimple: "too-simple"
    case .contradicted: "contradicted"
    case .notShown: "not-shown"
    }
  }

  /// Sign and word.
  var badge: Markup {
    Markup(
      "span", ["class": "badge " + style],
      [
        Markup("span", ["class": "sign", "aria-hidden": "true"], text: sign),
        Markup(text: rawValue),
      ]
    )
  }
}
