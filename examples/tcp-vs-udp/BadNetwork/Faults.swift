// What the link is told to do: the options of `bad-network`, and how a report names them.

/// Rates, times and single packets.
public struct Faults: Equatable, Sendable, CustomStringConvertible {
  /// Of the packets that enter, those that never come out.
  public var drop = Rate.never
  /// Those that come out twice, the second a millisecond after the first.
  public var duplicate = Rate.never
  /// Those that are held back for `hold` beyond the delay.
  public var reorder = Rate.never
  /// For how long. More than the time between packets, or nothing overtakes.
  public var hold = TimeSpan.milliseconds(12)
  /// Those with a payload of which a bit is turned.
  public var corrupt = Rate.never
  /// Those with a payload of which two 16-bit words change places.
  public var swap = Rate.never
  /// How long each packet is on its way.
  public var delay = TimeSpan.milliseconds(10)
  /// Where the rates apply; nil for both ways.
  public var towards: Direction?
  /// Packets that are dropped, whatever the rates.
  public var lose: [PacketPlace] = []
  /// Packets that come out twice, whatever the rates.
  public var repeated: [PacketPlace] = []

  /// A good link: everything arrives, ten milliseconds later.
  public init() {}

  /// As `bad-network` takes them. What is as it would be anyway is left out, but for the delay.
  public var arguments: [String] {
    var words: [String] = []
    let rates = [
      ("--drop", drop), ("--duplicate", duplicate), ("--reorder", reorder), ("--corrupt", corrupt),
      ("--swap", swap),
    ]
    for (option, rate) in rates where rate != .never { words += [option, "\(rate)"] }
    if reorder != .never, hold != Faults().hold { words += ["--hold", "\(hold)"] }
    words += ["--delay", "\(delay)"]
    if let towards { words += ["--towards", towards == .toServer ? "server" : "client"] }
    for place in lose { words += ["--lose", "\(place)"] }
    for place in repeated { words += ["--repeat", "\(place)"] }
    return words
  }

  /// As on the command line.
  public var description: String { arguments.joined(separator: " ") }
}
