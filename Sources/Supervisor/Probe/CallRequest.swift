// One request of `portico call` as the command line has it. Options of three kinds give them, and
// the order in which they were written is the order in which they are sent: each gets a number when
// it is read, since the parser keeps the order of one kind only.

internal import Kernel
internal import Synchronization

/// A request, or the file that it is in.
package struct CallRequest: Sendable {
  private enum Source: Sendable {
    case bytes([UInt8])
    case file(String)
  }

  private static let count = Atomic<Int>(0)

  /// Later on the command line is higher.
  package let order: Int
  private let source: Source

  private init(_ source: Source) {
    order = Self.count.add(1, ordering: .relaxed).newValue
    self.source = source
  }

  /// `--data`: text with escapes.
  package static func data(_ word: String) throws(InvalidWord) -> CallRequest {
    CallRequest(.bytes(try ByteText.unescaped(word)))
  }

  /// `--hex`: pairs of digits, with spaces between them or not.
  package static func hex(_ word: String) throws(InvalidWord) -> CallRequest {
    CallRequest(.bytes(try ByteText.fromHex(word)))
  }

  /// `--file`: a file's bytes, or those of stdin for `-`.
  package static func file(_ path: String) -> CallRequest { CallRequest(.file(path)) }

  private static let limit = 1 << 28

  /// The bytes to send.
  package func bytes() throws(StartFailure) -> [UInt8] {
    switch source {
    case .bytes(let bytes): return bytes
    case .file(let path):
      let bytes: [UInt8]
      do throws(SystemError) {
        bytes = try Self.read(path)
      } catch {
        throw StartFailure("the file \(path) cannot be read: \(error.reason)")
      }
      guard bytes.count <= Self.limit else {
        throw StartFailure("the file \(path) is larger than \(ByteCount(Self.limit))")
      }
      return bytes
    }
  }

  private static func read(_ path: String) throws(SystemError) -> [UInt8] {
    guard path == "-" else { return try Files.contents(of: path, limit: limit + 1) }
    let input = try Descriptor.standardInput()
    var bytes: [UInt8] = []
    while bytes.count <= limit {
      let part = try input.readSomeWaiting(atMost: 65536)
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }
}
