// Every byte that is sent in a simulation, in either direction, is a piece of one block of random
// bytes: who sends what is a place in it and a length, so that a stream is made by pointing and
// checked by comparing, and a byte that is lost, repeated or somebody else's cannot go unseen.

internal import Glibc

/// The block that all bytes come from. Never freed.
@safe struct Pattern {
  /// A stream begins somewhere in the first `starts` bytes, and is at most so long.
  static let starts = 1 << 17
  static let mostBytes = 1 << 16

  // SAFETY: allocated in init, `starts + mostBytes` bytes, never freed and never written again.
  private let base: UnsafeRawPointer

  init() {
    let byteCount = Self.starts + Self.mostBytes
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    var random = SeededRandom(seed: 20)
    for offset in stride(from: 0, to: byteCount, by: 8) {
      unsafe bytes.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
    }
    unsafe base = UnsafeRawPointer(bytes)
  }

  func bytes(_ place: Int) -> UnsafeRawPointer { unsafe base + place }

  func byte(_ place: Int) -> UInt8 { unsafe base.load(fromByteOffset: place, as: UInt8.self) }

  /// Are these the block's bytes from `place` on?
  func holds(_ bytes: UnsafeRawPointer, _ count: Int, at place: Int) -> Bool {
    unsafe memcmp(bytes, base + place, count) == 0
  }

  /// The first of these bytes that is not the block's, for a message.
  func firstDifference(_ bytes: UnsafeRawPointer, _ count: Int, at place: Int) -> String {
    for offset in 0..<count {
      let found = unsafe bytes.load(fromByteOffset: offset, as: UInt8.self)
      if found != byte(place + offset) {
        return "byte \(offset) of \(count) is \(found), and should be \(byte(place + offset))"
      }
    }
    return "no difference"
  }
}
