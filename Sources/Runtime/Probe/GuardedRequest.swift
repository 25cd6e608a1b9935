// Where a request lies when a handler is to be caught reading past it or writing into it: in memory
// that can only be read, with a page on either side that cannot even be read. The host writes it
// through a second mapping.

internal import CKernel
internal import Glibc
internal import Kernel

@safe struct GuardedRequest: ~Copyable {
  /// Where in its memory a request is put.
  enum Placement: Equatable {
    /// The NUL behind it is the last byte before the page that cannot be read.
    case end
    /// So many bytes behind the page in front.
    case start(Int)
  }

  private static let pageSize = 4096

  var placement = Placement.end
  // SAFETY: mapped once and never unmapped; `capacity` bytes each, the same memory twice.
  private let writable: UnsafeMutableRawPointer
  private let readable: UnsafeMutableRawPointer
  private let capacity: Int

  /// Room for requests of `byteCount` bytes, their NUL included.
  init(byteCount: Int) throws(SystemError) {
    capacity = (byteCount + Self.pageSize) / Self.pageSize * Self.pageSize
    let file = try MemoryFile(name: "portico request", byteCount: capacity)
    var error: Int32 = 0
    var second: UnsafeMutableRawPointer?
    let first = unsafe ck_map_guarded(file.descriptor.rawValue, capacity, &second, &error)
    try SystemError.check("mmap", error)
    unsafe writable = first!
    unsafe readable = second!
  }

  /// Copies a request and the NUL behind it; where the handler may look at it. One that does not
  /// fit is left where it is.
  func place(_ bytes: UnsafeRawPointer, _ count: Int) -> UnsafeRawPointer {
    let offset =
      switch placement {
      case .end: capacity - count - 1
      case .start(let distance): distance
      }
    guard offset >= 0, offset + count + 1 <= capacity else { return unsafe bytes }
    // SAFETY: the range lies inside both mappings; the host's buffer has a NUL behind the bytes.
    unsafe memcpy(writable + offset, bytes, count + 1)
    return unsafe UnsafeRawPointer(readable + offset)
  }
}
