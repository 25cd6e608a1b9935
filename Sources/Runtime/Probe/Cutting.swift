// How the bytes of a client are cut into the pieces that the host receives.

enum Cutting {
  /// Each line of the transcript in one piece.
  case none
  case everyByte
  /// Once more, behind so many bytes of one client's stream.
  case at(connection: Int, offset: Int)
  case random(SeededRandom)

  /// The length of the next piece: `offset` bytes of the stream were sent, `left` are left of the
  /// line; at least 1.
  mutating func next(connection: Int, offset: Int, left: Int) -> Int {
    switch self {
    case .none: return left
    case .everyByte: return 1
    case .at(let cut, let place):
      let distance = place - offset
      return cut == connection && distance > 0 && distance < left ? distance : left
    case .random(var random):
      // Short pieces as often as long ones, whatever the line's length.
      let most = random.once(in: 2) ? left : min(left, 1 + random.below(8))
      let count = 1 + random.below(most)
      self = .random(random)
      return count
    }
  }
}
