// What filters promise, as the simulated kernel sees it: no byte earlier than its delay, no more
// bytes than the rate allows, no piece larger than it may be. That nothing is held for ever, and
// that the stream is whole, the checks of every schedule see.

internal import Control
internal import Kernel

extension World {
  /// The loop sends bytes that were replied at some time.
  func checkDelay(_ who: Int, since_ms: UInt64) {
    for filter in plan.filters {
      guard case .delay(let time_ms) = filter else { continue }
      let passed_ms = now_ms - since_ms
      check(
        passed_ms >= UInt64(time_ms.lowerBound), who,
        "bytes leave after \(passed_ms) ms, and the delay is \(time_ms) ms")
    }
  }

  /// The loop offers so many bytes to the kernel.
  func checkFilters(_ who: Int, _ byteCount: Int) {
    for filter in plan.filters {
      switch filter {
      case .rate(let rate):
        checkRate(who, clients[who].sentOut + byteCount, rate, "sent")
      case .split(let piece):
        check(byteCount <= piece.upperBound, who, "a piece of \(byteCount) bytes is sent")
      case .delay, .drop, .log, .corrupt, .resetAfter, .refuse: break
      }
    }
  }

  /// Bytes were received; after the end of the output nobody counts.
  func checkIncomingRate(_ who: Int) {
    for filter in plan.filters {
      guard case .rate(let rate) = filter, !clients[who].isOutputEnded else { continue }
      checkRate(who, clients[who].taken, rate, "received")
    }
  }

  private func checkRate(_ who: Int, _ byteCount: Int, _ rate: Int, _ verb: String) {
    let passed_ms = Int(now_ms - clients[who].started_ms)
    // One byte is let through in any case, since room of none means something else.
    let most = rate / 10 + passed_ms * rate / 1000 + 1
    check(
      byteCount <= most, who, "\(byteCount) bytes were \(verb) in \(passed_ms) ms at \(rate)/s")
  }
}
