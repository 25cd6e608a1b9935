// What a listener's clients speak. The numbers are those of the ABI (`PORTICO_TCP`).

/// A kind of listener.
public enum Transport: UInt8, CaseIterable, Sendable {
  case tcp = 1
  case udp = 2
  case unix = 3

  /// Are there connections, or does each datagram stand alone?
  public var isStream: Bool { self != .udp }
}
