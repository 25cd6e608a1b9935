// Files by path, as far as a supervisor needs them: reading small ones, looking into folders,
// following links. Large contents go through MemoryFile instead.

internal import CKernel
internal import Glibc

/// What a path leads to.
public enum FileKind: Equatable, Sendable {
  case regular, folder, other
}

/// Calls on paths.
public enum Files {
  // SAFETY, for each text passed to a call here: it is kept alive for the call, which copies it.

  /// What is there, links followed; nil when nothing is, or it cannot be told.
  public static func kind(of path: String) -> FileKind? {
    switch unsafe ck_file_kind(path) {
    case 1: .regular
    case 2: .folder
    case 0: .other
    default: nil
    }
  }

  /// Opens for reading; never waits, not even on a named pipe.
  public static func openReading(_ path: String) throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("open", unsafe ck_open_read(path)))
  }

  /// /dev/null, which swallows what is written and is at its end when read.
  public static func openNothing() throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("open", unsafe ck_open_read_write("/dev/null")))
  }

  /// The contents, at most `limit` bytes of them. Also for /proc, whose files have no size.
  public static func contents(of path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = try openReading(path)
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let part = try file.readSome(atMost: min(65536, limit - bytes.count))
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }

  /// Names in a folder without `.` and `..`, sorted; empty when it cannot be read.
  public static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    return unsafe names(closing: stream)
  }

  /// Reads an open folder to its end.
  static func names(closing stream: OpaquePointer) -> [String] {
    var names: [String] = []
    // SAFETY: the stream is open until closedir below; each name is copied before the next call.
    while let name = unsafe ck_next_entry(stream) { names.append(unsafe String(cString: name)) }
    _ = unsafe closedir(stream)
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  /// Where a symbolic link points, or nil.
  public static func linkTarget(of path: String) -> String? {
    // SAFETY: readlink writes at most `capacity` bytes, without a NUL, and says how many.
    unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let count = unsafe ck_read_link(path, buffer.baseAddress, buffer.count)
      guard count > 0 else { return nil }
      return unsafe String(
        decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
    }
  }

  /// The folder this process works in, which relative paths start from.
  public static func currentFolder() -> String { linkTarget(of: "/proc/self/cwd") ?? "/" }

  /// Removes a file; one that is not there is no matter.
  public static func remove(_ path: String) { _ = unsafe ck_remove_file(path) }

  /// Opens for writing under a lock that no other process has (EWOULDBLOCK), emptied.
  public static func openLocked(_ path: String) throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("open", unsafe ck_open_locked(path)))
  }
}

extension Descriptor {
  /// This process's stderr, as a descriptor of its own.
  public static func standardError() throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("fcntl", ck_duplicate_above(2, 3)))
  }

  /// This process's stdin, as a descriptor of its own.
  public static func standardInput() throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("fcntl", ck_duplicate_above(0, 3)))
  }

  /// This process's stdout, as a descriptor of its own.
  public static func standardOutput() throws(SystemError) -> Descriptor {
    Descriptor(owning: try SystemError.check("fcntl", ck_duplicate_above(1, 3)))
  }

  /// What one read gives, however long that takes; empty at the end.
  public func readSomeWaiting(atMost byteCount: Int) throws(SystemError) -> [UInt8] {
    while true {
      do throws(SystemError) {
        return try readSome(atMost: byteCount)
      } catch {
        // Whoever shares this open file may have made it non-blocking.
        guard error.code == EAGAIN else { throw error }
        _ = isReadable(within: .seconds(1))
      }
    }
  }

  /// Is it a terminal?
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// What one read gives; empty at the end.
  public func readSome(atMost byteCount: Int) throws(SystemError) -> [UInt8] {
    var result = 0
    // SAFETY: read writes at most the buffer's count, and says how much.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      result = unsafe ck_read(rawValue, buffer.baseAddress, buffer.count)
      count = max(0, result)
    }
    try SystemError.check("read", result)
    return bytes
  }

  /// Writes all of `bytes`, however long that takes.
  public func writeAllWaiting(_ bytes: [UInt8]) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      // SAFETY: the array's storage is valid inside the closure, and the rest lies inside it.
      let result = unsafe bytes.withUnsafeBytes { raw in
        unsafe ck_write(rawValue, raw.baseAddress! + written, raw.count - written)
      }
      // Whoever shares this open file may have made it non-blocking.
      if result == -Int(EAGAIN) {
        try SystemError.check("poll", ck_await_writable(rawValue))
      } else {
        written += try SystemError.check("write", result)
      }
    }
  }

  /// Is something there to be read, or has it ended, within the time?
  public func isReadable(within timeout: Duration) -> Bool {
    ck_await_readable(rawValue, timeout.roundedUp_ms) > 0
  }

  /// Makes a pipe hold that many bytes if the system allows it; what it can hold now.
  public func enlargePipe(to byteCount: Int) -> Int {
    max(0, Int(ck_enlarge_pipe(rawValue, Int32(clamping: byteCount))))
  }

  /// What is there to be read, in a pipe.
  public var readableByteCount: Int { max(0, Int(ck_readable_count(rawValue))) }

  /// Calls `body` with both ends of a pipe, reading end first; neither ever blocks.
  public static func pipe<Result: ~Copyable>(
    _ body: (consuming Descriptor, consuming Descriptor) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try unsafe pipe(made: { unsafe ck_pipe($0) }, body)
  }

  /// The same for the output of a child, which may expect to wait until there is room: only the
  /// reading end never blocks.
  public static func outputPipe<Result: ~Copyable>(
    _ body: (consuming Descriptor, consuming Descriptor) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try unsafe pipe(made: { unsafe ck_output_pipe($0) }, body)
  }

  private static func pipe<Result: ~Copyable>(
    made make: (UnsafeMutablePointer<Int32>?) -> Int32,
    _ body: (consuming Descriptor, consuming Descriptor) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    var ends: (Int32, Int32) = (-1, -1)
    // SAFETY: pipe2 writes exactly two descriptors.
    let result = unsafe withUnsafeMutableBytes(of: &ends) {
      unsafe make($0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    try SystemError.check("pipe2", result)
    return try body(Descriptor(owning: ends.0), Descriptor(owning: ends.1))
  }
}
