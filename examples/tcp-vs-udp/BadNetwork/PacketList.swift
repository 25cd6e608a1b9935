// The list of packets as a file: one line a packet, its fields in the order of `PacketRecord`
// separated by tabs, their names in the first line.

internal import Kernel

/// A list that is none, or could not be read.
public struct InvalidList: Error, Equatable, Sendable, CustomStringConvertible {
  /// A sentence that names the line.
  public let description: String
}

/// Writes and reads lists.
public enum PacketList {
  /// The first line, without its line feed.
  public static let heading = [
    "number", "direction", "name", "entered_us", "left_us", "treatments", "transport", "flags",
    "payloadCount", "sequence", "acknowledged", "excerpt", "clientPort", "serverPort",
  ].joined(separator: "\t")

  /// A packet's line, without its line feed.
  public static func line(_ record: PacketRecord) -> String {
    let fields: [String] = [
      "\(record.number)", record.direction.rawValue, record.name, "\(record.entered_us)",
      record.left_us.map { "\($0)" }.joined(separator: ","),
      record.treatments.map(\.rawValue).joined(separator: ","), record.transport, record.flags,
      "\(record.payloadCount)", "\(record.sequence)", "\(record.acknowledged)", record.excerpt,
      "\(record.clientPort)", "\(record.serverPort)",
    ]
    return fields.joined(separator: "\t")
  }

  /// A whole list as text.
  public static func text(_ records: [PacketRecord]) -> String {
    var text = heading + "\n"
    for record in records { text += line(record) + "\n" }
    return text
  }

  /// The packets of a file; `limit` bytes of it at most.
  public static func read(
    _ path: String, limit: Int = 1 << 30
  ) throws(InvalidList) -> [PacketRecord] {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Files.contents(of: path, limit: limit)
    } catch {
      throw InvalidList(description: "\(path) cannot be read: \(error.reason)")
    }
    return try parse(String(decoding: bytes, as: UTF8.self))
  }

  /// The packets of a text.
  public static func parse(_ text: String) throws(InvalidList) -> [PacketRecord] {
    var records: [PacketRecord] = []
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.dropLast().enumerated() {
      if index == 0 {
        guard line.elementsEqual(heading.utf8) else {
          throw InvalidList(description: "line 1 is not the heading of a list of packets")
        }
      } else {
        guard let record = record(Substring(line)) else {
          throw InvalidList(description: "line \(index + 1) is no packet")
        }
        records.append(record)
      }
    }
    guard lines.count > 1, lines.last?.isEmpty == true else {
      throw InvalidList(description: "the list is cut off in line \(lines.count)")
    }
    return records
  }

  private static func record(_ line: Substring) -> PacketRecord? {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 14, let direction = Direction(rawValue: fields[1]) else { return nil }
    let numbers = [0, 3, 8, 9, 10, 12, 13].compactMap { Int(fields[$0]) }
    let times = fields[4].split(separator: ",")
    let left_us = times.compactMap { Int($0) }
    let words = fields[5].split(separator: ",")
    let treatments = words.compactMap { PacketRecord.Treatment(rawValue: String($0)) }
    guard numbers.count == 7, left_us.count == times.count, treatments.count == words.count else {
      return nil
    }
    return PacketRecord(
      number: numbers[0], direction: direction, name: fields[2], entered_us: numbers[1],
      left_us: left_us, treatments: treatments, transport: fields[6], flags: fields[7],
      payloadCount: numbers[2], sequence: numbers[3], acknowledged: numbers[4],
      excerpt: fields[11], clientPort: numbers[5], serverPort: numbers[6])
  }
}
