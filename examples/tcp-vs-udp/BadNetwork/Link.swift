// The link between the two kernels: packets go in, and come out later, twice, changed or not at
// all. It knows no devices and no clock, and keeps the account of what it did.

/// What is on its way, and what became of the rest.
public struct Link {
  /// A packet that comes out.
  public struct Arrival: Equatable, Sendable {
    /// Where.
    public var direction: Direction
    /// With its damages.
    public var bytes: [UInt8]
    fileprivate var number: Int
  }

  private static let largestByteCount = 64 << 20
  private static let largestRecordCount = 1_000_000
  private static let pause: UInt64 = 1_000_000

  private let faults: Faults
  private let fate: Fate
  private let start: UInt64
  private let keepsRecords: Bool
  private var flows = Flows()
  private var line = DelayLine<Arrival>()
  private var byteCount = 0
  private var number = 0
  private var traffic: [Direction: NetworkReport.Traffic] = [:]
  /// Every packet, in the order in which they entered; empty when it is told not to keep them. The
  /// first million of them.
  public private(set) var records: [PacketRecord] = []

  /// An empty link that is up from `start`, in nanoseconds as all times here.
  public init(seed: UInt64, faults: Faults, start: UInt64, keepsRecords: Bool) {
    self.faults = faults
    self.start = start
    self.keepsRecords = keepsRecords
    fate = Fate(seed: seed, faults: faults)
  }

  /// When the next packet comes out; nil when there is none.
  public var nextDue: UInt64? { line.nextDue }

  /// What was done in a direction.
  public func traffic(_ direction: Direction) -> NetworkReport.Traffic {
    traffic[direction] ?? NetworkReport.Traffic()
  }

  /// A packet enters. What is not IPv4 is passed over: only the kernel's own business is.
  public mutating func enter(_ bytes: [UInt8], _ direction: Direction, now: UInt64) {
    guard let packet = Packet(bytes) else { return }
    let identity = flows.identity(of: packet, bytes, direction)
    var treatments = fate.treatments(
      of: identity.name, direction, hasPayload: !packet.payload.isEmpty, place: identity.place)
    var changed = bytes
    damage(&changed, packet, identity.name, direction, &treatments)
    number += 1
    count(treatments, bytes.count, direction)
    record(packet, bytes, identity, direction, now, treatments)
    guard treatments != [.dropped] else { return }

    let arrival = Arrival(direction: direction, bytes: changed, number: number)
    let held = treatments.contains(.reordered) ? faults.hold.nanoseconds : 0
    let due = now + faults.delay.nanoseconds + held
    insert(arrival, due: due)
    if treatments.contains(.duplicated) { insert(arrival, due: due + Self.pause) }
  }

  /// The next packet that has come out at `now`; nil when none has. To be told of with `came` or
  /// `overflowed`.
  public mutating func next(at now: UInt64) -> Arrival? {
    guard let arrival = line.next(at: now) else { return nil }
    byteCount -= arrival.bytes.count
    return arrival
  }

  /// A packet has come out, at `now`.
  public mutating func came(_ arrival: Arrival, now: UInt64) {
    traffic[arrival.direction, default: .init()].crossed += 1
    if arrival.number <= records.count {
      records[arrival.number - 1].left_us.append(Int((now - start) / 1000))
    }
  }

  /// So many packets had no room, on their way in or out.
  public mutating func overflowed(_ direction: Direction, by count: Int = 1) {
    traffic[direction, default: .init()].overflowed += count
  }

  private mutating func insert(_ arrival: Arrival, due: UInt64) {
    guard byteCount + arrival.bytes.count <= Self.largestByteCount else {
      overflowed(arrival.direction)
      return
    }
    byteCount += arrival.bytes.count
    line.insert(arrival, due: due)
  }

  /// Takes those out of the treatments that were not possible.
  private func damage(
    _ bytes: inout [UInt8], _ packet: Packet, _ name: String, _ direction: Direction,
    _ treatments: inout [PacketRecord.Treatment]
  ) {
    if treatments.contains(.corrupted) {
      let choice = fate.choice(of: name, direction, .corrupted)
      if !Damage.turnBit(&bytes, payload: packet.payload, choice: choice) {
        treatments.removeAll { $0 == .corrupted }
      }
    }
    if treatments.contains(.swapped) {
      let choice = fate.choice(of: name, direction, .swapped)
      if !Damage.swapWords(&bytes, payload: packet.payload, choice: choice) {
        treatments.removeAll { $0 == .swapped }
      }
    }
  }

  private mutating func count(
    _ treatments: [PacketRecord.Treatment], _ byteCount: Int, _ direction: Direction
  ) {
    var traffic = traffic(direction)
    traffic.entered += 1
    traffic.enteredBytes += byteCount
    for treatment in treatments {
      switch treatment {
      case .dropped: traffic.dropped += 1
      case .duplicated: traffic.duplicated += 1
      case .reordered: traffic.reordered += 1
      case .corrupted: traffic.corrupted += 1
      case .swapped: traffic.swapped += 1
      }
    }
    self.traffic[direction] = traffic
  }

  private mutating func record(
    _ packet: Packet, _ bytes: [UInt8], _ identity: Flows.Identity, _ direction: Direction,
    _ now: UInt64, _ treatments: [PacketRecord.Treatment]
  ) {
    guard keepsRecords, records.count < Self.largestRecordCount else { return }
    let excerpt = bytes[packet.payload].prefix(8).prefix { (32...126).contains($0) }
    let isToServer = direction == .toServer
    records.append(
      PacketRecord(
        number: number, direction: direction, name: identity.name,
        entered_us: Int((now - start) / 1000), left_us: [], treatments: treatments,
        transport: packet.transport.rawValue, flags: packet.flags.text,
        payloadCount: packet.payload.count, sequence: identity.sequence,
        acknowledged: identity.acknowledged, excerpt: String(decoding: excerpt, as: UTF8.self),
        clientPort: isToServer ? packet.sourcePort : packet.destinationPort,
        serverPort: isToServer ? packet.destinationPort : packet.sourcePort))
  }
}
