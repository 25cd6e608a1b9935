// What came out of the link, in the format that every analyser opens: classic pcap, microseconds,
// bare IP packets (link type 101).

internal import Kernel
internal import Lab

/// A capture that is being written.
struct CaptureFile: ~Copyable {
  private var file: OutputFile

  /// Creates the file, or empties it.
  init(_ path: String) throws(SystemError) {
    var file = try OutputFile(path)
    try file.add(Capture.header)
    self.file = file
  }

  /// Adds a packet that came out at that time.
  mutating func add(_ packet: [UInt8], calendar_us: UInt64) throws(SystemError) {
    try file.add(Capture.heading(packet.count, calendar_us: calendar_us))
    try file.add(packet)
  }

  /// Writes what has been added.
  mutating func flush() throws(SystemError) { try file.flush() }
}

/// The bytes of a capture.
public enum Capture {
  /// What a capture begins with.
  public static let header =
    little(0xA1B2_C3D4) + [2, 0, 4, 0] + little(0) + little(0) + little(262_144) + little(101)

  /// What stands before a packet; the time is in microseconds since 1970.
  public static func heading(_ byteCount: Int, calendar_us: UInt64) -> [UInt8] {
    little(UInt32(truncatingIfNeeded: calendar_us / 1_000_000))
      + little(UInt32(calendar_us % 1_000_000)) + little(UInt32(byteCount))
      + little(UInt32(byteCount))
  }

  private static func little(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}
