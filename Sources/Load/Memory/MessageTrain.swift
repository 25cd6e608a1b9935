// The requests (or the replies) of a connection behind each other as they travel: all of the
// exchanges, and again from the first, as often as requests may be in flight. So whatever is to be
// sent at once, or to be compared at once, lies in one piece, wherever it starts.

/// Messages behind each other.
struct MessageTrain: ~Copyable {
  let bytes: ByteStore
  /// Where each message starts; one more than there are messages.
  private let starts: FlatTable<Int>
  /// After so many messages they are the same again.
  let period: Int

  /// `texts` and again from the first, `extra` messages more.
  init(_ texts: [[UInt8]], extra: Int) {
    period = texts.count
    let all = (0..<texts.count + extra).map { texts[$0 % texts.count] }
    bytes = ByteStore(all)
    starts = FlatTable(repeating: 0, count: all.count + 1)
    for (index, text) in all.enumerated() { starts[index + 1] = starts[index] + text.count }
  }

  /// Messages whose bytes do not matter, and are not kept.
  init(sizes: [Int], extra: Int) {
    period = sizes.count
    bytes = ByteStore(count: 0)
    starts = FlatTable(repeating: 0, count: sizes.count + extra + 1)
    for index in 0..<sizes.count + extra {
      starts[index + 1] = starts[index] + sizes[index % sizes.count]
    }
  }

  @inline(__always)
  func start(of message: Int) -> Int { starts[message] }

  @inline(__always)
  func byteCount(of message: Int) -> Int { starts[message + 1] - starts[message] }

  /// The one that follows, as the number that is below `period`.
  @inline(__always)
  func index(_ message: Int, after count: Int) -> Int {
    let next = message + count
    return next < period ? next : next % period
  }
}
