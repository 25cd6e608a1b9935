// What a process writes, collected by a thread of its own.

internal import Foundation
internal import Synchronization

/// A growing text.
package final class TextBuffer: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var isComplete = false
  }
  private let state = Mutex(State())

  init() {}

  /// All of it so far; malformed UTF-8 is replaced, raw bytes are in `bytes`.
  package var text: String { String(decoding: bytes, as: UTF8.self) }
  package var bytes: [UInt8] { state.withLock { $0.bytes } }
  /// What came after so many bytes.
  package func bytes(after count: Int) -> [UInt8] { state.withLock { Array($0.bytes[count...]) } }
  package var isComplete: Bool { state.withLock { $0.isComplete } }

  /// Complete lines so far.
  package var lines: [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    lines.removeLast()
    return lines
  }

  /// Reads a descriptor to its end, and closes it.
  func fill(from descriptor: Int32) {
    let thread = Thread { [self] in
      var room = [UInt8](repeating: 0, count: 65536)
      while true {
        let count = read(descriptor, &room, room.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        state.withLock { $0.bytes += room[..<count] }
      }
      close(descriptor)
      state.withLock { $0.isComplete = true }
    }
    thread.start()
  }
}
