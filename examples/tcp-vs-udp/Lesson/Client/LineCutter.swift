// Cuts a stream into lines. Damage may turn a line feed into something else and merge two lines, or
// make a line endless: what is longer than its bound is dropped up to the next line feed, and told
// as one line that is none.

internal import Numbered

/// Finds lines in what a stream brings.
struct LineCutter: Equatable, Sendable {
  private let limit: Int
  private var begun: [UInt8] = []
  private var isOverlong = false

  /// Lines have at most `limit` bytes.
  init(limit: Int) { self.limit = limit }

  /// Lines without their line feeds; nil for one that was too long.
  mutating func feed(_ bytes: ArraySlice<UInt8>) -> [[UInt8]?] {
    var lines: [[UInt8]?] = []
    var rest = bytes
    while let end = rest.firstIndex(of: Message.lineFeed) {
      keep(rest[..<end])
      lines.append(isOverlong ? nil : begun)
      begun.removeAll(keepingCapacity: true)
      isOverlong = false
      rest = rest[(end + 1)...]
    }
    keep(rest)
    return lines
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    if isOverlong || begun.count + bytes.count > limit {
      isOverlong = true
      begun.removeAll()
    } else {
      begun += bytes
    }
  }
}
