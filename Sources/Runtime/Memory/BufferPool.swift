// The memory that client bytes lie in: one shared memory file, so that whoever looks at a dead
// worker still finds what it was given. At its start the receive buffer, then room for a batch of
// datagrams where there are any and for a backend's own buffers, then power-of-two buffers for
// clients that have unconsumed bytes.
// A buffer goes back to the pool when its client has none.

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
  private var free: FreeBlocks
  /// For each order the buffer that was given back last, 0 for none: who asks next gets it, and
  /// nothing is joined and split again for clients that take turns.
  private var recent: [UInt32]
  private(set) var bytesInUse = 0

  /// Where the room for datagrams begins; 0 when there is none.
  private let datagramOffset: Int

  /// `receiveSize` bytes can be received at once, and one NUL lies behind them.
  init(
    fd: Int32, byteCount: Int, receiveSize: Int, hasDatagrams: Bool = false
  ) throws(SystemError) {
    let mapping = try Mapping(sharing: fd, byteCount: byteCount, writable: true)
    free = try FreeBlocks(pageCount: byteCount / Self.pageSize)
    unsafe base = mapping.bytes.baseAddress!
    self.mapping = mapping
    receiveCapacity = receiveSize
    let receivePages = Self.pages(receiveSize + 1)
    datagramOffset = hasDatagrams ? receivePages * Self.pageSize : 0
    unusedPage = receivePages + (hasDatagrams ? Self.pages(DatagramBatch.byteCount) : 0)
    recent = Array(repeating: 0, count: FreeBlocks.orderCount)
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

  /// A buffer of at least that many bytes, or `.none` when the region has none left.
  mutating func take(_ atLeast: Int) -> PooledBuffer {
    let order = max(Self.smallestOrder, Int.bitWidth - (atLeast - 1).leadingZeroBitCount)
    var page = Int(recent[order])
    if page != 0 {
      recent[order] = 0
    } else {
      page = freePage(order)
      guard page != 0 else { return .none }
    }
    let buffer = PooledBuffer(page: UInt32(page), order: UInt32(order))
    bytesInUse += buffer.byteCount
    return buffer
  }

  /// The first page of a block that nobody has; 0 when there is none.
  private mutating func freePage(_ order: Int) -> Int {
    let blockOrder = order - Self.smallestOrder
    let page = free.take(blockOrder)
    if page != 0 { return page }
    // A block of 2^n pages begins at a multiple of as many: what is passed over is free.
    let start = (unusedPage + (1 << blockOrder) - 1) & ~((1 << blockOrder) - 1)
    if unsafe (start + (1 << blockOrder)) * Self.pageSize <= mapping.bytes.count {
      free.add(pages: unusedPage..<start)
      unusedPage = start + (1 << blockOrder)
      return start
    }
    for (order, page) in recent.enumerated() where page != 0 {
      recent[order] = 0
      free.add(Int(page), order: order - Self.smallestOrder)
    }
    return free.take(blockOrder)
  }

  mutating func give(_ buffer: PooledBuffer) {
    guard buffer != .none else { return }
    bytesInUse -= buffer.byteCount
    if buffer.order >= Self.returnedOrder {
      // SAFETY: the buffer lies inside the mapping, at whole pages, and nobody uses it.
      _ = unsafe ck_give_back(address(of: buffer), buffer.byteCount)
    }
    let last = recent[Int(buffer.order)]
    recent[Int(buffer.order)] = buffer.page
    if last != 0 { free.add(Int(last), order: Int(buffer.order) - Self.smallestOrder) }
  }

  /// For the shared page: where in the memory file these bytes are.
  func offset(of bytes: UnsafeRawPointer) -> UInt64 {
    UInt64(unsafe bytes - UnsafeRawPointer(base))
  }
}
