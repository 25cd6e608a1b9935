// How many datagrams may answer one source: a bucket of tokens for each source, kept as a single
// number (the generic cell rate algorithm of ATM traffic policing, ITU-T I.371). Two servers that
// answer each other never stop by themselves; one datagram that is dropped stops them. So a bucket
// that has been emptied stays shut until a second's worth of tokens is back, which is longer than
// an answer takes: all answers that were going round between the two are dropped by then.

internal import CKernel
internal import Kernel

/// The bucket of a source. All-zero bytes are a full one. It reads no clock.
struct ReplyRate: BitwiseCopyable {
  /// How fast and how far buckets are filled; `.none` limits nothing.
  struct Limit: BitwiseCopyable {
    /// What one reply takes; 0 for no limit.
    let interval_ns: UInt64
    /// A full bucket.
    let burst_ns: UInt64
    /// What must be back in a bucket that was emptied.
    let reserve_ns: UInt64

    static let none = Limit(perSecond: 0)
    /// So many seconds' worth may be sent at once.
    static let burst_s = 10

    /// So many replies a second; 0 for no limit.
    init(perSecond count: Int) {
      self.init(perSecond: count, burst: count * Self.burst_s, reserve: count)
    }

    init(perSecond count: Int, burst: Int, reserve: Int) {
      interval_ns = count == 0 ? 0 : 1_000_000_000 / UInt64(count)
      burst_ns = interval_ns * UInt64(burst)
      reserve_ns = interval_ns * UInt64(reserve)
    }

    var isNone: Bool { interval_ns == 0 }
  }

  /// When the bucket will be full again, in nanoseconds; the lowest bit says that it is shut.
  private var full_ns: UInt64 = 0

  /// May a datagram of this source be answered now?
  @inline(__always)
  mutating func admits(_ limit: Limit, now_ms: UInt64) -> Bool {
    let now_ns = now_ms &* 1_000_000
    // Nearly always: what was taken is back.
    if full_ns <= now_ns { return true }
    return admits(limit, missing_ns: full_ns - now_ns)
  }

  private mutating func admits(_ limit: Limit, missing_ns: UInt64) -> Bool {
    let isShut = full_ns & 1 != 0
    if missing_ns >= (isShut ? limit.burst_ns - limit.reserve_ns : limit.burst_ns) {
      full_ns |= 1
      return false
    }
    full_ns &= ~1
    return true
  }

  /// So many datagrams have answered it.
  @inline(__always)
  mutating func take(_ count: UInt64, _ limit: Limit, now_ms: UInt64) {
    full_ns = max(full_ns, now_ms &* 1_000_000) &+ (count &* limit.interval_ns) & ~1
  }
}

/// The buckets of all sources: a fixed number of them, whoever sends. Sources that share one by
/// chance share its tokens; nothing is kept that a forged sender could make grow.
struct ReplyRates: ~Copyable {
  /// 128 KiB. A source that is answered too often takes others with it once in so many.
  static let capacity = 1 << 14

  let limit: ReplyRate.Limit
  private let buckets: FlatTable<ReplyRate>
  private let seed: UInt64

  /// `seed` is secret, so that nobody outside can choose sources that share a bucket.
  init(_ limit: ReplyRate.Limit, seed: UInt64) throws(SystemError) {
    self.limit = limit
    self.seed = seed
    buckets = try FlatTable(capacity: limit.isNone ? 0 : Self.capacity)
  }

  /// Which bucket a source has. There must be a limit.
  @inline(__always)
  func bucket(of peer: Endpoint) -> Int {
    Int(ck_endpoint_hash(peer, seed) & UInt64(Self.capacity - 1))
  }

  @inline(__always)
  mutating func admits(_ bucket: Int, now_ms: UInt64) -> Bool {
    buckets[bucket].admits(limit, now_ms: now_ms)
  }

  @inline(__always)
  mutating func take(_ count: UInt64, from bucket: Int, now_ms: UInt64) {
    buckets[bucket].take(count, limit, now_ms: now_ms)
  }
}
