// A rate, kept by a bucket of tokens: bytes that may pass now, filled at the rate and never beyond
// a tenth of a second's worth. It counts thousandths of bytes, so that no rate is rounded away, and
// reads no clock.

struct TokenBucket: BitwiseCopyable {
  /// Longer than that nothing is filled; it only keeps the numbers small.
  private static let longest_ms: UInt64 = 1 << 20

  /// In thousandths of a byte; below 0 after more was taken than there was.
  private var level: Int
  private var since_ms: UInt64

  /// A full one.
  init(bytesPerSecond rate: Int, now_ms: UInt64) {
    level = Self.capacity(rate)
    since_ms = now_ms
  }

  private static func capacity(_ rate: Int) -> Int { max(1, rate / 10) * 1000 }

  /// Whole bytes that may pass now.
  mutating func available(_ rate: Int, now_ms: UInt64) -> Int {
    if now_ms > since_ms {
      let passed_ms = Int(min(now_ms - since_ms, Self.longest_ms))
      level = min(level + passed_ms * rate, Self.capacity(rate))
      since_ms = now_ms
    }
    return max(0, level / 1000)
  }

  /// So many bytes have passed, perhaps more than there were tokens for.
  mutating func take(_ byteCount: Int) { level -= byteCount * 1000 }

  /// What is worth passing on: all of it, or ten milliseconds' worth.
  static func portion(_ rate: Int, of wanted: Int) -> Int { max(1, min(wanted, rate / 100)) }

  /// How long to wait, as of the last `available`, until a portion may pass. At least 1.
  func wait_ms(_ rate: Int, for wanted: Int) -> UInt64 {
    wait_ms(rate, forAll: Self.portion(rate, of: wanted))
  }

  /// … until all of it may, however long that takes.
  func wait_ms(_ rate: Int, forAll wanted: Int) -> UInt64 {
    UInt64(max(1, (wanted * 1000 - level + rate - 1) / rate))
  }
}
