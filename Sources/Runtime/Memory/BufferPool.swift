// The memory that client bytes lie in: one shared memory file, so that whoever looks at a dead
// worker still finds what it was given. At its start the receive buffer, then room for a batch of
// datagrams where there are any and for a backend's own buffers, then power-of-two buffers for
// clients that have unconsumed bytes.
// A buffer goes back to the pool when its client has none. Which buffers are free is written down
// elsewhere: a handler that keeps a pointer to an old request and writes there must not be able to
// have one client's buffer given to another as well.

internal import CKernel
internal import Kernel

/// A buffer of the pool, by offset. `.none` is no buffer.
struct PooledBuffer: BitwiseCopyable, Equatable {
  /// In the memory file, in units of 4 KiB; 0 (which is the receive buffer's) stands for none.
  var page: UInt32
  /// log2 of its size in bytes.
  var order: UInt32

  static var none: PooledBuffer { PooledBuffer(page: 0, order: 0) }
  var byteCount: Int { self == .none ? 0 : 1 << Int(order) }
}

@safe struct BufferPool: ~Copyable {
  private static let pageSize = 4096
  private static let smallestOrder = 12
  /// Buffers from this size on give their pages back to the kernel when they are freed.
  private static let returnedOrder = 17

  private let mapping: Mapping
  // SAFETY: `mapping`'s first byte; every offset below is smaller than its size.
  let base: UnsafeMutableRawPointer
  /// Where receives go when a client has nothing left over.
  let receiveCapacity: Int
  /// First page of the region that has never been handed out.
  private var unusedPage: Int
  /// For each order the first free buffer's page, 0 for none.
  private var free: [UInt32]
  /// By the page of a free buffer the page of the next one; memory of this process's own.
  private let nextFree: FlatTable<UInt32>
  private(set) var bytesInUse = 0

  /// Where the room for datagrams begins; 0 when there is none.
  private let datagramOffset: Int

  /// `receiveSize` bytes can be received at once, and one NUL lies behind them.
  init(
    fd: Int32, byteCount: Int, receiveSize: Int, hasDatagrams: Bool = false
  ) throws(SystemError) {
    let mapping = try Mapping(sharing: fd, byteCount: byteCount, writable: true)
    nextFree = try FlatTable(capacity: byteCount / Self.pageSize)
    unsafe base = mapping.bytes.baseAddress!
    self.mapping = mapping
    receiveCapacity = receiveSize
    let receivePages = Self.pages(receiveSize + 1)
    datagramOffset = hasDatagrams ? receivePages * Self.pageSize : 0
    unusedPage = receivePages + (hasDatagrams ? Self.pages(DatagramBatch.byteCount) : 0)
    free = Array(repeating: 0, count: 33)
  }

  private static func pages(_ byteCount: Int) -> Int { (byteCount + pageSize - 1) / pageSize }

  var receiveBuffer: UnsafeMutableRawPointer { unsafe base }
  /// Room for a batch of datagrams; only where there are any.
  var datagrams: UnsafeMutableRawPointer { unsafe base + datagramOffset }

  func address(of buffer: PooledBuffer) -> UnsafeMutableRawPointer {
    unsafe base + Int(buffer.page) * Self.pageSize
  }

  /// Takes memory out of the region for good, for a backend that receives into buffers of its own;
  /// nil when there is not that much.
  mutating func reserve(byteCount: Int) -> UnsafeMutableRawPointer? {
    let pages = Self.pages(byteCount)
    guard unsafe (unusedPage + pages) * Self.pageSize <= mapping.bytes.count else { return nil }
    defer { unusedPage += pages }
    return unsafe base + unusedPage * Self.pageSize
  }

  /// A buffer of at least that many bytes, or `.none` when the region is spent.
  mutating func take(_ atLeast: Int) -> PooledBuffer {
    let order = max(Self.smallestOrder, Int.bitWidth - (atLeast - 1).leadingZeroBitCount)
    let first = free[order]
    if first != 0 {
      let buffer = PooledBuffer(page: first, order: UInt32(order))
      free[order] = nextFree[Int(first)]
      bytesInUse += buffer.byteCount
      return buffer
    }
    let pages = 1 << (order - Self.smallestOrder)
    let byteCount = unsafe mapping.bytes.count
    guard (unusedPage + pages) * Self.pageSize <= byteCount else { return .none }
    defer { unusedPage += pages }
    bytesInUse += 1 << order
    return PooledBuffer(page: UInt32(unusedPage), order: UInt32(order))
  }

  mutating func give(_ buffer: PooledBuffer) {
    guard buffer != .none else { return }
    bytesInUse -= buffer.byteCount
    if buffer.order >= Self.returnedOrder {
      // SAFETY: the buffer lies inside the mapping, at whole pages, and nobody uses it.
      _ = unsafe ck_give_back(address(of: buffer), buffer.byteCount)
    }
    nextFree[Int(buffer.page)] = free[Int(buffer.order)]
    free[Int(buffer.order)] = buffer.page
  }

  /// For the shared page: where in the memory file these bytes are.
  func offset(of bytes: UnsafeRawPointer) -> UInt64 {
    UInt64(unsafe bytes - UnsafeRawPointer(base))
  }
}
