// What the kernel counts in a namespace, from the text of its files in /proc.

/// Reads `/proc/net/snmp`, `/proc/net/netstat` and `/proc/net/dev`.
public enum KernelCounters {
  /// What those files hold and is no count: the kernel's settings.
  private static let settings: Set<String> = [
    "Ip.Forwarding", "Ip.DefaultTTL", "Tcp.RtoAlgorithm", "Tcp.RtoMin", "Tcp.RtoMax", "Tcp.MaxConn",
  ]

  /// Counters that are not 0, as `Tcp.RetransSegs`. The text is pairs of lines that begin with the
  /// same word: names, and their values.
  public static func parse(_ text: String) -> [String: Int] {
    var counters: [String: Int] = [:]
    var names: [Substring] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard names.first == words.first, names.count == words.count, let group = words.first else {
        names = words
        continue
      }
      for (name, word) in zip(names, words).dropFirst() {
        let key = "\(group.dropLast()).\(name)"
        if let value = Int(word), value != 0, !settings.contains(key) { counters[key] = value }
      }
      names = []
    }
    return counters
  }

  /// Packets that an interface dropped instead of sending them, from the text of `/proc/net/dev`.
  public static func droppedBySender(_ interface: String, in text: String) -> Int {
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == ":" }
      // Eight fields of what was received come first; bytes, packets and errors before drops.
      if words.first.map(String.init) == interface, words.count >= 13 { return Int(words[12]) ?? 0 }
    }
    return 0
  }
}
