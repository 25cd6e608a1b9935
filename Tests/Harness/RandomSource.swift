// Random tests that can be run again: the seed is printed, and taken from SEED when that is set.

internal import Foundation

/// SplitMix64: small, seedable, and the same everywhere.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// Seeded from the environment's SEED or else from the system, and says which seed it is.
  package init(for test: String) {
    let given = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)
    let seed = given ?? UInt64.random(in: 1...999_999)
    print("SEED=\(seed) \(test)")
    self.init(seed: seed)
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to one less than that.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// So many random bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
