// Which ports are never answered over UDP: a datagram from there is likely to be another server's
// answer, or forged to look like one, and two servers that answer each other never stop. Pure.

/// Source ports of datagrams that are dropped: `7,19,own`, `none`.
package struct MutedPorts: Equatable, Sendable, CustomStringConvertible {
  /// In the order in which they were given.
  package let numbers: [UInt16]
  /// The ports of the host's own UDP listeners too.
  package let includesOwn: Bool

  /// echo, systat, daytime, netstat, qotd, chargen and time: whatever they are sent, they answer.
  package static let standard = MutedPorts([7, 11, 13, 17, 19, 37], includesOwn: true)
  package static let none = MutedPorts([], includesOwn: false)

  package init(_ numbers: [UInt16], includesOwn: Bool) {
    self.numbers = numbers
    self.includesOwn = includesOwn
  }

  /// Parses a word.
  package init(parsing word: String) throws(InvalidWord) {
    if word == "none" {
      self = .none
      return
    }
    var (numbers, includesOwn) = ([UInt16](), false)
    for part in word.split(separator: ",", omittingEmptySubsequences: false) {
      if part == "own" {
        includesOwn = true
      } else if let port = Int(unsignedDigits: part).flatMap(UInt16.init(exactly:)), port > 0 {
        if !numbers.contains(port) { numbers.append(port) }
      } else {
        throw InvalidWord(
          "write ports from 1 to 65535 with commas between them, 'own' for those of the host's own "
            + "UDP listeners, as in 7,19,own; 'none' mutes no port")
      }
    }
    self.init(numbers, includesOwn: includesOwn)
  }

  /// What the workers are told, once it is known where the host's own listeners are.
  package func ports(own: [UInt16]) -> [UInt16] {
    var ports = numbers
    if includesOwn { for port in own where !ports.contains(port) { ports.append(port) } }
    return ports
  }

  package var description: String {
    let words = numbers.map(String.init) + (includesOwn ? ["own"] : [])
    return words.isEmpty ? "none" : words.joined(separator: ",")
  }
}
