// The page: claims at the top, then a picture for each thing that can be seen, then all the
// numbers. One file that needs nothing else: no script, no font, no request. A picture whose runs
// were not made leaves a sentence in its place.

/// The lesson as one HTML file.
public struct Page {
  private let results: Results
  private let claims: [Claim]
  private let chapters: [Chapter]
  /// Pictures by id, as the text names them: `figure 3`.
  private let names: [String: String]

  /// A heading, what to know before looking, and the pictures beneath.
  private struct Chapter {
    let id: String
    let title: String
    let text: String
    let pictures: [any Picture]
    var isPair = false
  }

  /// The page of these results and what they say of the claims.
  public init(results: Results, claims: [Claim]) {
    self.results = results
    self.claims = claims
    chapters = Page.chapters(of: results)
    var names: [String: String] = ["claims": "the claims", "matrix": "the table of all numbers"]
    var number = 0
    for picture in chapters.flatMap(\.pictures) where names[picture.id] == nil {
      number += 1
      names[picture.id] = "figure \(number)"
    }
    self.names = names
  }

  /// The file's content.
  public var html: String {
    let head = Markup(
      "head", [:],
      [
        Markup("meta", ["charset": "utf-8"]),
        Markup("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
        Markup("meta", ["name": "color-scheme", "content": "light dark"]),
        Markup("title", text: "TCP and UDP, shown rather than told"),
      ])
    let body = Markup(
      "body", [:],
      [
        Markup("header", [:], heading), Markup("main", [:], [claimSection] + chapters.map(section)),
        Markup("footer", [:], [Markup("p", [:], origin)]),
      ])
    // The style sheet is no text to be escaped: it is a constant of this program.
    let style = "<style>\n\(PageStyle.sheet)</style>"
    return "<!DOCTYPE html>\n<html lang=\"en\">\n"
      + head.rendered.replacing("</head>", with: style + "</head>") + "\n" + body.rendered
      + "\n</html>\n"
  }

  /// What the page shows, in its order.
  private static func chapters(of results: Results) -> [Chapter] {
    [
      Chapter(
        id: "packets", title: "What crosses the link",
        text: "Before any statistics, two short exchanges, drawn from what really crossed the link "
          + "between client and server: the same few messages, and for both the same misfortunes.",
        pictures: [ExchangePicture(results, .tcp), ExchangePicture(results, .udp)]),
      Chapter(
        id: "losing", title: "Loss, and what it costs to hide it",
        text: "The same numbered messages over a link that loses more and more. The server answers "
          + "each. The third way is UDP with a client that sends again what stays unanswered: "
          + "a few lines of code, and the smallest part of what TCP does.",
        pictures: [LossPicture(results), TimePicture(results)], isPair: true),
      Chapter(
        id: "waiting", title: "Who waits for whom",
        text: "A stream cannot be handed on past a hole: what arrived behind a lost segment waits "
          + "in the kernel until the segment has been sent again. A datagram waits for nobody.",
        pictures: [DelaysPicture(results), LinePicture(results), ReaderPicture(results)]),
      Chapter(
        id: "ordering", title: "Order",
        text: "The link holds back some packets, so that later ones overtake them. TCP sorts them "
          + "before the program sees them; over UDP the program gets them as they come.",
        pictures: [OrderPicture(results)]),
      Chapter(
        id: "damaging", title: "Damage",
        text: "“Free of errors” is a matter of 16 bits. The link turns a bit in some packets, and "
          + "in other runs swaps two words, which leaves the checksum as it was.",
        pictures: [DamagePicture(results)]),
      Chapter(
        id: "boundaries", title: "Where a message ends",
        text: "TCP carries a stream of bytes and knows nothing of messages; where one ends is for "
          + "the programs to agree on. A datagram arrives whole or not at all.",
        pictures: [ReadsPicture(results)]),
      Chapter(
        id: "paying", title: "What it costs the server",
        text: "One worker of Portico with the same plugin behind both transports, on a link "
          + "without faults.",
        pictures: [CostPicture(results), IdlePicture(results)]),
      Chapter(
        id: "numbers", title: "All of it in numbers",
        text: "Every condition with each of the three ways.", pictures: [MatrixTable(results)]),
    ]
  }

  private var heading: [Markup] {
    let lead =
      "A server, a client, and between them a link that loses, repeats, delays and damages packets"
      + ": the same plugin answers over TCP and over UDP, and everything on this page was counted "
      + "while it did."
    let sections = chapters.map { chapter in
      Markup("li", [:], [Markup("a", ["href": "#" + chapter.id], text: chapter.title)])
    }
    return [
      Markup("h1", text: "TCP and UDP, shown rather than told"),
      Markup("p", ["class": "lead"], text: lead),
      Markup(
        "nav", ["aria-label": "Claims"],
        claims.isEmpty ? [] : [Markup("ul", ["class": "verdicts"], claims.map(claimLink))]),
      Markup("nav", ["aria-label": "Contents"], [Markup("ul", ["class": "contents"], sections)]),
    ]
  }

  private func claimLink(_ claim: Claim) -> Markup {
    Markup(
      "li", ["class": claim.verdict.style],
      [
        Markup(
          "a", ["href": "#claim-" + claim.id],
          [
            Markup("span", ["class": "sign", "aria-hidden": "true"], text: claim.verdict.sign),
            Markup(text: claim.name),
            Markup("span", ["class": "unseen"], text: ": \(claim.verdict.rawValue)"),
          ])
      ])
  }

  private var claimSection: Markup {
    let table = ClaimsTable(claims: claims) { names[$0] }.markup
    return Markup(
      "section", ["id": "claims"],
      [
        Markup("h2", text: "The article’s claims"),
        table
          ?? Page.missing(
            "claims", "No claim was judged: the lesson ended before its runs were made."),
      ])
  }

  private func section(_ chapter: Chapter) -> Markup {
    let figures = chapter.pictures.map(figure)
    return Markup(
      "section", ["id": chapter.id],
      [Markup("h2", text: chapter.title), Markup("p", text: chapter.text)]
        + (chapter.isPair ? [Markup("div", ["class": "pair"], figures)] : figures))
  }

  private func figure(_ picture: any Picture) -> Markup {
    let name = (names[picture.id] ?? "").capitalizedFirst
    guard let figure = picture.figure else {
      return Markup(
        "figure", ["id": picture.id],
        [
          Markup("figcaption", [:], [title(name, picture.title, of: picture)]),
          Page.missing(
            picture.id, "Not shown here: this needs \(picture.needs), which these results lack."),
        ])
    }
    var inside = [
      Markup(
        "figcaption", [:],
        [title(name, figure.title, of: picture), Markup("p", text: figure.caption)])
    ]
    if !figure.drawings.isEmpty {
      inside.append(
        figure.isWide
          ? Markup(
            "div",
            [
              "class": "panels scroll", "tabindex": "0", "role": "region",
              "aria-label": "\(name): \(figure.title)",
            ],
            figure.drawings)
          : Markup("div", ["class": "panels"], figure.drawings))
    }
    if let table = figure.table { inside.append(table) }
    return Markup("figure", ["id": picture.id], inside)
  }

  private func title(_ name: String, _ title: String, of picture: any Picture) -> Markup {
    // The one table that is a chapter of its own needs no second heading.
    guard picture.id != "matrix" else { return Markup([]) }
    return Markup(
      "h3", [:], [Markup("span", ["class": "figure-name"], text: name), Markup(text: " " + title)])
  }

  private static func missing(_ id: String, _ sentence: String) -> Markup {
    Markup("p", ["class": "missing", "data-missing": id], text: sentence)
  }

  private var origin: [Markup] {
    [
      Markup(
        text: "Made on \(results.kernel) from "
          + Quantity.counted(results.runs.count, "run", "runs") + " with the seed "),
      Markup("code", text: String(results.seed)),
      Markup(text: "; the whole lesson with that seed is given by "),
      Markup("code", text: "make lesson SEED=\(results.seed)"),
      Markup(
        text: ". Seed and name of a packet decide what happens to it. Over UDP the same seed loses "
          + "the same datagrams. Over TCP it treats segments of the same name alike, but which of "
          + "them are sent again also goes by the clock. Times are this machine’s."),
    ]
  }
}

extension String {
  /// `Figure 3` of `figure 3`.
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
