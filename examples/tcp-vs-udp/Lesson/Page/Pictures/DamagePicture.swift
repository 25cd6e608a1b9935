// Damage: what became of the packets that the link damaged on the way to the server, with the UDP
// checksum on and off, and with damage that no Internet checksum can see.

internal import BadNetwork

/// The picture `damage`.
struct DamagePicture: Picture {
  let id = "damage"
  let title = "Who notices damage"
  let needs = "the runs of the part “damage”"
  private let runs: [Run]

  private static let names: KeyValuePairs<String, String> = [
    "damage-tcp": "TCP, a bit turned", "damage-udp": "UDP, a bit turned",
    "damage-udp-unchecked": "UDP without its checksum, a bit turned",
    "damage-swap-tcp": "TCP, two words swapped", "damage-swap-udp": "UDP, two words swapped",
  ]

  init(_ results: Results) { runs = results.made(DamagePicture.names.map(\.key)) }

  /// What became of the damaged packets of a run.
  private struct Account {
    let onLink: Int
    let discarded: Int
    let delivered: Int
    /// Messages that arrived so damaged that no answer could be told to be theirs.
    let unrecognised: Int
    /// Messages that never arrived.
    let lost: Int

    init(_ run: Run) {
      onLink = run.network.toServer.corrupted + run.network.toServer.swapped
      discarded =
        run.network.serverKernel[run.way == .tcp ? "Tcp.InCsumErrors" : "Udp.InCsumErrors"] ?? 0
      delivered = run.serverCount.damaged
      // Of what stayed unanswered, a kernel may have discarded so many; the others arrived.
      unrecognised = max(run.client.sent - run.client.answered - discarded, 0)
      lost = run.client.lost - unrecognised
    }
  }

  var figure: Figure? {
    guard !runs.isEmpty else { return nil }
    let accounts = runs.map { ($0, Account($0)) }
    let full = accounts.map { max($1.onLink, $1.discarded, $1.delivered, $1.lost) }.max() ?? 1
    return Figure(
      id: id, title: title,
      caption: "Both have the same checksum, 16 bits in the header, and the kernel discards what "
        + "does not fit it. UDP’s can be left out. Neither sees two words that change places: "
        + "their sum stays the same, and only the message’s own CRC-32 finds it. A program can get "
        + "more damaged messages than packets were damaged: a line feed that changes places joins "
        + "two messages, or splits one. “Not recognised” arrived with its number damaged, so that "
        + "nobody knows whose answer it should have had; “lost” never arrived.",
      drawings: accounts.map { drawing(of: $0, $1, full: full) }, table: table(accounts))
  }

  private func name(of run: Run) -> String {
    DamagePicture.names.first { $0.key == run.id }?.value ?? run.id
  }

  private func drawing(of run: Run, _ account: Account, full: Int) -> Markup {
    let values = [
      ("damaged on link", account.onLink, "plain"),
      ("kernel discards", account.discarded, "plain"),
      ("program gets", account.delivered, account.delivered > 0 ? "bad" : "plain"),
      ("not recognised", account.unrecognised, account.unrecognised > 0 ? "bad" : "plain"),
      ("lost", account.lost, "plain"),
    ]
    return BarPanel(
      picture: id, panel: run.id, heading: name(of: run), headingStyle: run.way.style,
      bars: values.map { name, value, style in
        BarPanel.Bar(
          run: run.id, name: name, value: Double(value), text: Quantity.count(value), style: style)
      }, full: Double(full)
    ).drawing
  }

  private func table(_ accounts: [(Run, Account)]) -> Markup {
    Table(
      caption: "Packets to the server, and messages",
      columns: [
        "run", "sent", "damaged on the link", "discarded by the kernel", "damaged at the program",
        "of them not recognised", "lost",
      ],
      rows: accounts.map { run, account in
        [.head(name(of: run)), .number(Quantity.count(run.client.sent))]
          + [account.onLink, account.discarded].map { .number(Quantity.count($0)) }
          + [account.delivered, account.unrecognised, account.lost].map {
            .number(Quantity.count($0), isNotable: $0 > 0)
          }
      }
    ).markup
  }
}
