// Random input that can be had again: each test prints its seed, and takes it back from SEED.

import Kernel

/// splitmix64: small, and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Prints the seed, which comes from the environment variable SEED if it is set.
  init(test: String) {
    let seed = HostFacts.variable("SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999)
    print("\(test): SEED=\(seed)")
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(upTo limit: Int) -> [UInt8] {
    (0..<Int.random(in: 0...limit, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self)
    }
  }
}
