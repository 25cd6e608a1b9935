// Numbered messages: what the lesson's client sends and what the plugin `seq` answers, one line
// each so that `nc` and a packet capture show them as text. Every line carries a CRC-32 of its own,
// since the checksums of TCP and UDP are part of what is looked at, and must not be what it is
// measured by.
//
//     00000017 ------------------------- 5d2c0b1a          a request, padded to its size
//     00000017 ---- 5d2c0b1a 42 9 intact 0badcafe          its answer: the 42nd to arrive, in the
//                                                          9th call of the handler
//
// A message begins with its number in eight digits: that is also its name on the link.

/// A message that a client sends.
public struct Request: Equatable, Sendable {
  /// From 0, at most `Message.highestNumber`.
  public var number: Int
  /// Of the whole line with its line feed, at least `Message.smallestSize`.
  public var byteCount: Int

  /// The request with that number, padded to that size.
  public init(number: Int, byteCount: Int) {
    precondition((0...Message.highestNumber).contains(number), "BUG: no number of a message")
    precondition(byteCount >= Message.smallestSize, "BUG: too small for a message")
    self.number = number
    self.byteCount = byteCount
  }

  /// The line, with its line feed.
  public var bytes: [UInt8] {
    var line = Message.digits(number) + [Message.space]
    line += [UInt8](repeating: UInt8(ascii: "-"), count: byteCount - Message.smallestSize)
    line.append(Message.space)
    return Message.sealed(line)
  }

  /// Reads a line without its line feed; nil when it is damaged, or never was a request.
  public init?(line: Span<UInt8>) {
    guard Message.isSealed(line), line.count + 1 >= Message.smallestSize,
      let number = Message.number(in: line)
    else { return nil }
    self.init(number: number, byteCount: line.count + 1)
  }
}

/// What the server says about a request: it goes behind the request's own line.
public struct Stamp: Equatable, Sendable {
  /// How many requests had arrived on this transport, this one included.
  public var arrival: Int
  /// In which call of the handler it arrived: requests with the same number came in one read.
  public var call: Int
  /// Did the request arrive as it was sent?
  public var isIntact: Bool

  /// A stamp.
  public init(arrival: Int, call: Int, isIntact: Bool) {
    self.arrival = arrival
    self.call = call
    self.isIntact = isIntact
  }

  /// The answer to a request's line (without its line feed): the line, the stamp, a line feed.
  public func answer(to line: Span<UInt8>) -> [UInt8] {
    var answer: [UInt8] = []
    answer.reserveCapacity(line.count + 40)
    for place in line.indices { answer.append(line[place]) }
    let verdict = isIntact ? "intact" : "damaged"
    answer += Array(" \(arrival) \(call) \(verdict) ".utf8)
    return Message.sealed(answer)
  }
}

/// An answer as a client reads it.
public struct Answer: Equatable, Sendable {
  /// Which request it answers; nil when the request was damaged on its way beyond recognition.
  public var number: Int?
  /// What the server said of it.
  public var stamp: Stamp
  /// The answer begins with so many bytes of the request, as it reached the server.
  public var echoedCount: Int

  /// Reads a line without its line feed; nil when the answer itself is damaged, or is none.
  public init?(line: Span<UInt8>) {
    guard Message.isSealed(line) else { return nil }
    // From behind: checksum, verdict, call, arrival; what stands before is the request, and may be
    // anything.
    var words: [[UInt8]] = [[]]
    var place = line.count
    while place > 0, words.count < 5 {
      place -= 1
      if line[place] == Message.space {
        words.append([])
      } else {
        words[words.count - 1].append(line[place])
      }
    }
    guard words.count == 5 else { return nil }
    let verdict = words[1].reversed()
    guard let call = Message.decimal(words[2].reversed()),
      let arrival = Message.decimal(words[3].reversed())
    else { return nil }
    if verdict.elementsEqual("intact".utf8) {
      stamp = Stamp(arrival: arrival, call: call, isIntact: true)
    } else if verdict.elementsEqual("damaged".utf8) {
      stamp = Stamp(arrival: arrival, call: call, isIntact: false)
    } else {
      return nil
    }
    number = Message.number(in: line)
    echoedCount = place
  }
}

/// What requests and answers have in common.
public enum Message {
  /// Number, two spaces, checksum, line feed.
  public static let smallestSize = 19
  /// The eight digits' last.
  public static let highestNumber = 99_999_999
  /// A line is no longer than this, its line feed included.
  public static let largestSize = 65_000
  /// What ends a line.
  public static let lineFeed = UInt8(ascii: "\n")
  static let space = UInt8(ascii: " ")

  /// Behind `line`, which ends in a space, its checksum and a line feed.
  static func sealed(_ line: [UInt8]) -> [UInt8] {
    let sum = CRC32.of(line.span)
    var sealed = line
    for shift in stride(from: 28, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: sum >> UInt32(shift)) & 15
      sealed.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
    sealed.append(lineFeed)
    return sealed
  }

  /// Do the last eight characters state the checksum of what stands before them?
  static func isSealed(_ line: Span<UInt8>) -> Bool {
    guard line.count >= 9 else { return false }
    var stated: UInt32 = 0
    for place in (line.count - 8)..<line.count {
      switch line[place] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): stated = stated << 4 | UInt32(line[place] - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): stated = stated << 4 | UInt32(line[place] - 87)
      default: return false
      }
    }
    return CRC32.of(line.extracting(0..<(line.count - 8))) == stated
  }

  /// The number that a line begins with, whatever its checksum says.
  public static func number(in line: Span<UInt8>) -> Int? {
    guard line.count > 8, line[8] == space else { return nil }
    var digits: [UInt8] = []
    for place in 0..<8 { digits.append(line[place]) }
    return decimal(digits)
  }

  static func digits(_ number: Int) -> [UInt8] {
    let digits = Array(String(number).utf8)
    return [UInt8](repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
  }

  static func decimal(_ digits: [UInt8]) -> Int? {
    guard !digits.isEmpty, digits.count < 16 else { return nil }
    var number = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 48)
    }
    return number
  }
}

/// The checksum of Ethernet, gzip and PNG (ISO 3309), four bits at a time.
enum CRC32 {
  private static let table: [UInt32] = (0..<16).map { nibble in
    var remainder = UInt32(nibble)
    for _ in 0..<4 {
      remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
    }
    return remainder
  }

  static func of(_ bytes: Span<UInt8>) -> UInt32 {
    var sum: UInt32 = .max
    for place in bytes.indices {
      sum ^= UInt32(bytes[place])
      sum = sum >> 4 ^ table[Int(sum & 15)]
      sum = sum >> 4 ^ table[Int(sum & 15)]
    }
    return ~sum
  }
}
