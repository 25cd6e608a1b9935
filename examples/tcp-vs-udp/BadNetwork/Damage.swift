// How a packet is damaged: so that its checksum tells, and so that it does not. Nothing but its
// payload is touched, and the checksum stays as the sender wrote it.

/// Damages to a payload, each chosen by a number.
public enum Damage {
  /// Turns one bit of the payload, which an Internet checksum always sees; false without payload.
  public static func turnBit(
    _ packet: inout [UInt8], payload: Range<Int>, choice: UInt64
  ) -> Bool {
    guard !payload.isEmpty else { return false }
    let bit = Int(choice % UInt64(payload.count * 8))
    packet[payload.lowerBound + bit / 8] ^= 1 << UInt8(bit % 8)
    return true
  }

  /// Lets two different 16-bit words of the payload change places, which an Internet checksum
  /// cannot see, as the order of what it adds up does not matter; false when all are the same.
  public static func swapWords(
    _ packet: inout [UInt8], payload: Range<Int>, choice: UInt64
  ) -> Bool {
    let count = payload.count / 2
    guard count > 1 else { return false }
    func place(_ word: Int) -> Int { payload.lowerBound + word * 2 }
    func value(_ word: Int) -> (UInt8, UInt8) { (packet[place(word)], packet[place(word) + 1]) }
    // From a place anywhere to the next word, going round, that differs from it.
    let first = Int(choice % UInt64(count))
    let distance = Int((choice >> 32) % UInt64(count))
    for step in 0..<count {
      let second = (first + distance + step) % count
      guard value(second) != value(first) else { continue }
      for byte in 0..<2 { packet.swapAt(place(first) + byte, place(second) + byte) }
      return true
    }
    return false
  }
}
