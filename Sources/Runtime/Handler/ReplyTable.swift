// All replies of a worker, and the one mechanism by which an address may be issued again, under one
// of three rules (DESIGN 5.1): never; first in, first out after the connection closed and nobody is
// inside; or the same for a handler whose replies are inert outside their call anyway.

internal import CKernel

@safe struct ReplyTable: ~Copyable {
  /// When an address may be issued to another connection.
  enum Reissue: Equatable {
    case never
    /// The handler promised `PORTICO_FORGETS`.
    case afterClose
    /// The handler promised `PORTICO_INLINE`.
    case inertOutsideCall
  }

  private static let mostChunks = 65536

  /// Set before the first is issued.
  var reissue: Reissue
  private let factory: ReplyChunkFactory
  private let context: Immortal<CallContext>
  // SAFETY: never moves and never shrinks, so that another thread can search it at any time;
  // `chunkCount` is published after the entry.
  private let chunks: UnsafeMutablePointer<ReplyChunk>
  private let chunkCount: UnsafeMutablePointer<UInt32>
  /// Slots from here on have never been issued.
  private var firstUnused = 0
  private var oldest = ReplySlot.Index.none
  private var newest = ReplySlot.Index.none
  private var waiting = 0
  /// Addresses issued for the first time.
  var issued: Int { firstUnused }

  init(context: Immortal<CallContext>, factory: ReplyChunkFactory) {
    reissue = .never
    self.context = context
    self.factory = factory
    unsafe chunks = .allocate(capacity: Self.mostChunks)
    unsafe chunkCount = .allocate(capacity: 1)
    unsafe chunkCount.initialize(to: 0)
  }

  private var made: Int { unsafe Int(chunkCount.pointee) * ReplyChunk.count }

  /// Makes more replies when few are left; for the end of a tick, off the path of a request.
  mutating func replenish() {
    if waiting + (made - firstUnused) < ReplyChunk.count / 4 { _ = grow() }
  }

  /// Makes so many at once, for whoever must not be disturbed later.
  mutating func reserve(_ count: Int) {
    while made - firstUnused < count, grow() {}
  }

  /// False when libffi has no memory left.
  private mutating func grow() -> Bool {
    let count = unsafe Int(chunkCount.pointee)
    guard count < Self.mostChunks,
      let chunk = factory.make(firstIndex: count * ReplyChunk.count, context: context)
    else { return false }
    unsafe (chunks + count).initialize(to: chunk)
    unsafe ck_store_u32(chunkCount, UInt32(count + 1))
    return true
  }

  @inline(__always)
  func slot(_ index: ReplySlot.Index) -> UnsafeMutablePointer<ReplySlot> {
    let (chunk, place) = Int(index.rawValue).quotientAndRemainder(dividingBy: ReplyChunk.count)
    return unsafe chunks[chunk].slots + place
  }

  /// The address that names this slot to the handler.
  @inline(__always)
  func code(_ index: ReplySlot.Index) -> UInt {
    let (chunk, place) = Int(index.rawValue).quotientAndRemainder(dividingBy: ReplyChunk.count)
    return unsafe chunks[chunk].code(at: place)
  }

  /// The same for a slot.
  func code(of slot: UnsafeMutablePointer<ReplySlot>) -> UInt {
    let chunk = unsafe ReplyChunk(head: ReplyChunk.head(of: slot))
    return unsafe chunk.code(at: slot - chunk.slots)
  }

  /// The slot behind a reply that the handler passed to a host service; nil for a wild pointer. Any
  /// thread.
  func find(code: UInt) -> UnsafeMutablePointer<ReplySlot>? {
    var chunk = unsafe Int(ck_load_u32(chunkCount))
    while chunk > 0 {
      chunk -= 1
      if let place = unsafe chunks[chunk].place(ofCode: code) {
        return unsafe chunks[chunk].slots + place
      }
    }
    return nil
  }

  /// A live slot for a connection, or nil when there is no memory for more.
  mutating func issue(row: Int, as state: UInt32 = ReplySlot.State.live) -> ReplySlot.Index? {
    var index = ReplySlot.Index.none
    if let reused = takeOldest() {
      index = reused
    } else {
      if firstUnused == made && !grow() { return nil }
      index = ReplySlot.Index(rawValue: UInt32(firstUnused))
      firstUnused += 1
    }
    let slot = unsafe slot(index)
    unsafe slot.pointee.row = UInt32(row)
    _ = unsafe ck_add_u32(&slot.pointee.word, state - ReplySlot.State.dead)
    return index
  }

  /// The slot that has been free for longest, once none is left that was never issued: the queue is
  /// long (`replenish` sees to it), so that an address rests before somebody else gets it.
  private mutating func takeOldest() -> ReplySlot.Index? {
    guard reissue != .never, waiting > 0 else { return nil }
    if firstUnused < made { return nil }
    for _ in 0..<min(waiting, 8) {
      let index = oldest
      let slot = unsafe slot(index)
      oldest = ReplySlot.Index(rawValue: unsafe slot.pointee.row)
      waiting -= 1
      if waiting == 0 { newest = .none }
      if unsafe ck_load_u32(&slot.pointee.word) == ReplySlot.State.dead { return index }
      append(index)  // A call is still inside: it goes to the end of the queue.
    }
    return nil
  }

  /// Marks a live slot finished.
  func close(_ index: ReplySlot.Index) {
    change(index) { $0 == ReplySlot.State.live ? ReplySlot.State.closing : $0 }
  }

  /// From now on the reply answers GONE, for ever or until it is issued again.
  func kill(_ index: ReplySlot.Index) { change(index) { _ in ReplySlot.State.dead } }

  /// Moves a slot to another state, whoever else does so at the same time and however many calls
  /// are inside.
  @inline(__always)
  private func change(_ index: ReplySlot.Index, _ next: (UInt32) -> UInt32) {
    let slot = unsafe slot(index)
    while true {
      let word = unsafe ck_load_u32(&slot.pointee.word)
      let calls = word & ~ReplySlot.State.mask
      let changed = calls | next(word & ReplySlot.State.mask)
      if unsafe changed == word || ck_compare_exchange_u32(&slot.pointee.word, word, changed) == 1 {
        return
      }
    }
  }

  /// After `kill`, and after `on_close` returned: the address may be issued again, if the rule
  /// allows.
  mutating func retire(_ index: ReplySlot.Index) {
    if reissue != .never { append(index) }
  }

  private mutating func append(_ index: ReplySlot.Index) {
    unsafe slot(index).pointee.row = ReplySlot.Index.none.rawValue
    if waiting == 0 {
      oldest = index
    } else {
      unsafe slot(newest).pointee.row = index.rawValue
    }
    newest = index
    waiting += 1
  }
}
