// What happens to a packet is a function of the seed, where it goes and what it is called, and of
// nothing else: not of the time, nor of what other packets there are. So two runs of the same
// traffic lose the same packets. Each kind of fault is decided for itself.

/// Decides by name.
public struct Fate: Sendable {
  private let seed: UInt64
  private let faults: Faults
  private let lost: Set<PacketPlace>
  private let repeated: Set<PacketPlace>

  /// The fate of packets under these faults.
  public init(seed: UInt64, faults: Faults) {
    self.seed = seed
    self.faults = faults
    lost = Set(faults.lose)
    repeated = Set(faults.repeated)
  }

  /// What is to be done to a packet, in the order of `Treatment`. Nothing but that when it is
  /// dropped. Those that have no payload are not damaged, since a header would lead elsewhere.
  /// `place` is its number among those with payload; nil when it has none or was sent before.
  public func treatments(
    of name: String, _ direction: Direction, hasPayload: Bool, place: Int?
  ) -> [PacketRecord.Treatment] {
    let exact = place.map { PacketPlace(direction, $0) }
    if exact.map(lost.contains) == true || isMet(faults.drop, name, direction, .dropped) {
      return [.dropped]
    }
    var treatments: [PacketRecord.Treatment] = []
    if exact.map(repeated.contains) == true || isMet(faults.duplicate, name, direction, .duplicated)
    {
      treatments.append(.duplicated)
    }
    if isMet(faults.reorder, name, direction, .reordered) { treatments.append(.reordered) }
    if hasPayload {
      if isMet(faults.corrupt, name, direction, .corrupted) { treatments.append(.corrupted) }
      if isMet(faults.swap, name, direction, .swapped) { treatments.append(.swapped) }
    }
    return treatments
  }

  /// A number for the details of a treatment: which bit, which words.
  public func choice(
    of name: String, _ direction: Direction, _ treatment: PacketRecord.Treatment
  ) -> UInt64 {
    Hash.of("\(direction.rawValue) \(name) \(treatment.rawValue) where", seed: seed)
  }

  private func isMet(
    _ rate: Rate, _ name: String, _ direction: Direction, _ treatment: PacketRecord.Treatment
  ) -> Bool {
    guard rate.value > 0, faults.towards == nil || faults.towards == direction else { return false }
    let number = Hash.of("\(direction.rawValue) \(name) \(treatment.rawValue)", seed: seed)
    // The upper 53 bits, which a Double holds exactly.
    return Double(number >> 11) / Double(1 << 53) < rate.value
  }
}

/// A hash that is the same in every run and on every machine, which Swift's own is not.
enum Hash {
  /// FNV-1a, and what SplitMix64 does to make each bit depend on all.
  static func of(_ text: String, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for shift in stride(from: 0, to: 64, by: 8) {
      hash = (hash ^ (seed >> UInt64(shift)) & 0xFF) &* 0x100_0000_01B3
    }
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
    return hash ^ hash >> 31
  }
}
