// What a child says, in a pipe. It must be read while the child runs: one that nobody reads is full
// in the end, and the child waits for ever.

internal import Glibc
internal import Kernel

/// Owns both ends of a pipe until the child has its own.
struct OutputPipe: ~Copyable {
  /// For a poller.
  let reading: Descriptor
  private var writing: Descriptor?
  /// For the child; -1 once it was closed here.
  private(set) var writingEnd: Int32
  private(set) var isAtEnd = false

  static func make() throws(SystemError) -> OutputPipe {
    try Descriptor.pipe { (reading, writing) throws(SystemError) in
      _ = reading.enlargePipe(to: 1 << 20)
      return OutputPipe(reading, writing)
    }
  }

  private init(_ reading: consuming Descriptor, _ writing: consuming Descriptor) {
    self.reading = reading
    writingEnd = writing.rawValue
    self.writing = .some(writing)
  }

  /// The child has its own now: its end is the end of the pipe.
  mutating func closeWritingEnd() {
    writing = nil
    writingEnd = -1
  }

  /// What is there; empty when nothing is, and at the end, which `isAtEnd` then says.
  mutating func read() throws(SystemError) -> [UInt8] {
    do throws(SystemError) {
      let bytes = try reading.readSome(atMost: 1 << 16)
      if bytes.isEmpty { isAtEnd = true }
      return bytes
    } catch {
      guard error.code == EAGAIN else { throw error }
      return []
    }
  }
}

/// The last lines of a log.
struct LogTail: Equatable, Sendable {
  private var bytes: [UInt8] = []
  private static let limit = 8192

  /// More of it.
  mutating func feed(_ more: [UInt8]) { bytes = (bytes + more).suffix(Self.limit) }

  /// What is left of it, at most so many lines.
  func lines(_ count: Int = 12) -> [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(count).map(String.init)
  }
}
