// The dice of a simulation: SplitMix64, so that a schedule is its seed and nothing else, on every
// machine. Nothing in this folder may draw from anywhere else, or look at a real clock.

/// Small, seeded random numbers.
struct SeededRandom: BitwiseCopyable {
  private var state: UInt64

  /// Neighbouring seeds have nothing in common.
  init(seed: UInt64) {
    state = seed
    state = next()
  }

  @inline(__always)
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// 0 up to, and without, `bound`, which is at least 1.
  @inline(__always)
  mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  mutating func among(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// True about once in `rarity` times; never for 0.
  @inline(__always)
  mutating func once(in rarity: Int) -> Bool { rarity != 0 && below(rarity) == 0 }

  /// One of a few numbers.
  mutating func oneOf(_ first: Int, _ others: Int...) -> Int {
    let place = below(others.count + 1)
    return place == 0 ? first : others[place - 1]
  }
}
