// A file that is written from its start, in parts large enough not to cost a call for each.

internal import CLab
public import Kernel

/// Owns a file that is being written. What was added last is only there after `flush`.
public struct OutputFile: ~Copyable {
  private let descriptor: Descriptor
  private var waiting: [UInt8] = []

  /// Creates the file, or empties it.
  public init(_ path: String) throws(SystemError) {
    // SAFETY: the call copies the text.
    descriptor = Descriptor(owning: try SystemError.check("open", unsafe clab_create(path)))
  }

  /// Adds bytes at the end.
  public mutating func add(_ bytes: some Sequence<UInt8>) throws(SystemError) {
    waiting.append(contentsOf: bytes)
    if waiting.count >= 1 << 16 { try flush() }
  }

  /// Writes what has been added.
  public mutating func flush() throws(SystemError) {
    try descriptor.writeAllWaiting(waiting)
    waiting.removeAll(keepingCapacity: true)
  }
}
