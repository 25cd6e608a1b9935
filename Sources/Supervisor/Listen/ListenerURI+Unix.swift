// The part of a listener's URI behind `unix:`: a path, taken as it is, and perhaps `?mode=0660`.
// Pure.

internal import Kernel

extension ListenerURI {
  /// A path ends at the first `?`; nothing else in it has a meaning.
  static func unix(_ rest: Substring) throws(InvalidWord) -> ListenerURI {
    guard !rest.hasPrefix("//") else {
      throw InvalidWord("write unix:PATH, such as unix:/run/portico.sock")
    }
    let path = rest.prefix { $0 != "?" }
    guard !path.isEmpty else {
      throw InvalidWord("there is no path; write unix:PATH, such as unix:/run/portico.sock")
    }
    guard !path.utf8.contains(0) else { throw InvalidWord("a path cannot contain a NUL") }
    let limit = UnixSocket.maximumPathByteCount
    guard path.utf8.count <= limit else {
      throw InvalidWord(
        "the path has \(path.utf8.count) bytes and the kernel takes \(limit); write a shorter one, "
          + "perhaps relative to the current directory")
    }
    var mode: UInt16?
    if path.endIndex != rest.endIndex {
      mode = try self.mode(inQuery: rest[rest.index(after: path.endIndex)...])
    }
    return .unix(path: String(path), mode: mode)
  }

  private static func mode(inQuery query: Substring) throws(InvalidWord) -> UInt16 {
    guard query.hasPrefix("mode="), !query.contains("&") else {
      throw InvalidWord(
        "behind the '?' only mode can stand, as in unix:/run/portico.sock?mode=0660")
    }
    let digits = query.dropFirst("mode=".count)
    guard Int(unsignedDigits: digits) != nil, let mode = UInt16(digits, radix: 8), mode <= 0o777
    else {
      throw InvalidWord("the mode is an octal number from 0 to 0777, such as 0660")
    }
    return mode
  }
}
