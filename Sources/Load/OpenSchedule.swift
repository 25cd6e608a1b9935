// When requests of an open loop are to be sent: so many a second, whatever the server does. What
// could not be sent in time stays due, and its latency counts from the time it was due; nothing is
// stored for that, since request number n is due at a time that n alone decides. Pure.

/// Times of requests, divided among threads in turn.
struct OpenSchedule: Sendable {
  /// Requests a second, of all threads together.
  let rate: UInt64
  let start_ns: UInt64
  /// This thread has the requests `first`, `first + step`, …
  let first: UInt64
  let step: UInt64

  /// When the request that this thread has sent `count` requests before is due.
  func time(after count: UInt64) -> UInt64 {
    let number = first &+ count &* step
    // Whole seconds apart, so that the product cannot overflow in any run that ends.
    return start_ns &+ number / rate &* 1_000_000_000
      &+ number % rate &* 1_000_000_000 / rate
  }
}
