// What crash files are called, and which names can be no others. Pure.

/// `crash-20261123T040506.123Z-PID.txt`; sorted as text, such names are sorted by time.
struct CrashFileName {
  private static let prefix = "crash-"
  private static let suffix = ".txt"
  private static let temporarySuffix = ".new"
  /// No file takes so long to write.
  private static let patience_ns: UInt64 = 3_600_000_000_000

  let time_ns: UInt64
  let pid: Int32

  /// The second one of a name has a number behind it.
  func text(copy: Int) -> String {
    let number = copy > 1 ? "-\(copy)" : ""
    return Self.beginning(at: time_ns) + "-\(pid)" + number + Self.suffix
  }

  private static func beginning(at time_ns: UInt64) -> String {
    prefix + timestamp(time_ns).filter { $0 != "-" && $0 != ":" }
  }

  /// What a file is called while it is written.
  static func temporary(_ name: String) -> String { "." + name + temporarySuffix }

  /// Could only this program have chosen that name?
  static func isOne(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    let pattern = Array((prefix + "00000000T000000.000Z-").utf8)
    guard bytes.count > pattern.count, name.hasSuffix(suffix) else { return false }
    let isTime = zip(bytes, pattern).allSatisfy { byte, sample in
      sample == UInt8(ascii: "0") ? isDigit(byte) : byte == sample
    }
    let rest = bytes[pattern.count...].dropLast(suffix.utf8.count)
    return isTime && rest.first.map(isDigit) == true
      && rest.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// Was that begun so long ago that nobody will go on with it?
  static func isLeftOver(_ name: String, at time_ns: UInt64) -> Bool {
    guard name.hasPrefix("."), name.hasSuffix(temporarySuffix) else { return false }
    let file = String(name.dropFirst().dropLast(temporarySuffix.count))
    return isOne(file) && file < beginning(at: time_ns - min(time_ns, patience_ns))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
