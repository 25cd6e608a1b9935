// The randomness of these tests: small, seedable, the same everywhere. A failure is repeated with
// the seed that the test printed.

internal import Foundation

struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  /// Seeded from the environment's SEED or else from the system, and says which seed it is.
  init(for test: String) {
    let given = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init)
    state = given ?? UInt64.random(in: 1...999_999)
    print("SEED=\(state) \(test)")
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
