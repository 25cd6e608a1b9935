// Input that never ends, and lines that do not. A handler may consume it, refuse it, or be cut off
// by the host at max_frame; it must not keep it.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

extension CheckRun {
  /// Small, so that a call which answers each byte by itself is not slow for that alone.
  private static var pieceSize: Int { 16384 }
  private static var floodSize: Int { 4 << 20 }
  /// As often as that the flood goes on when memory has grown with it.
  private static var doubtFactor: Int { 4 }
  /// A handler of short lines is called for each of them, which takes its time.
  private static var mostTime_ns: UInt64 { 1_000_000_000 }

  mutating func playEndless(_ filler: ProbeCase.Filler) -> CaseFailure? {
    let who = stage.network.value.connect()
    stage.network.value.ignoreOutput(of: who)
    defer { letGo([who]) }
    return flood(who, filler, size: Self.floodSize)
  }

  mutating func playOverlong(
    _ index: Int, _ connection: Int, _ offset: Int
  ) -> CaseFailure? {
    var runs = [run(index, stop: .afterBytes(connection: connection, offset))]
    defer { letGo(runs) }
    // Whether the answers are right is what other checks are for.
    _ = play(&runs, random: SeededRandom(seed: 0))
    let who = runs[0].client(connection, in: stage.network)
    stage.turn()
    guard stage.network.value.clients[who].isQuiet,
      !stage.network.value.clients[who].hasSeenEnd,
      stage.network.value.clients[who].end == .none
    else { return nil }
    stage.network.value.ignoreOutput(of: who)
    let size = stage.core.value.frameLimit + 2 * Self.pieceSize
    return flood(who, .byte(UInt8(ascii: "A")), size: size)
  }

  /// Sends that much of it, and looks at what the handler keeps.
  private mutating func flood(
    _ who: Int, _ filler: ProbeCase.Filler, size: Int
  ) -> CaseFailure? {
    var filler = filler
    let before = ck_heap_byte_count()
    let first = pour(&filler, into: who, from: 0, size: size)
    let kept = Int(clamping: ck_heap_byte_count()) - Int(clamping: before)
    // A frame's worth, doubled while it grows, is no leak.
    let allowed = 2 * stage.core.value.frameLimit + (size < Self.floodSize ? 1 << 20 : 0)
    guard kept > max(allowed, size / 2), first == size else { return nil }
    let more = size * (Self.doubtFactor - 1)
    let second = pour(&filler, into: who, from: size, size: more)
    let grown = Int(clamping: ck_heap_byte_count()) - Int(clamping: before) - kept
    guard second > 0, grown > second / 2 else { return nil }
    return CaseFailure([
      "it keeps what never ends: \(mebibytes(kept + grown)) MiB of memory more after "
        + "\(mebibytes(first + second)) MiB of input; bound what it keeps, or leave unfinished "
        + "frames to the host, which does"
    ])
  }

  /// How many bytes the client got rid of.
  private mutating func pour(
    _ filler: inout ProbeCase.Filler, into who: Int, from start: Int, size: Int
  ) -> Int {
    let began_ns = ck_monotonic_ns()
    var poured = 0
    while !stage.network.value.clients[who].hasSeenEnd {
      if stage.network.value.clients[who].isQuiet {
        if poured >= size || ck_monotonic_ns() - began_ns > Self.mostTime_ns { break }
        let count = min(Self.pieceSize, size - poured)
        stage.network.value.send(filler.fill(count, from: start + poured), from: who)
        poured += count
      }
      stage.turn(patience_ms: 20)
      let isOver = ck_monotonic_ns() - began_ns > 2 * Self.mostTime_ns
      // It has paused, and nothing will make it go on.
      if stage.network.value.isStill || isOver, !stage.network.value.clients[who].isQuiet { break }
    }
    return poured
  }
}

/// With one decimal: the last bytes are the allocator's affair.
private func mebibytes(_ count: Int) -> String {
  let tenths = (count * 10 + (1 << 19)) >> 20
  return "\(tenths / 10).\(tenths % 10)"
}
