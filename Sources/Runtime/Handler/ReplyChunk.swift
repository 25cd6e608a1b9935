// A thousand replies made in one go: slots in one aligned piece of memory, closures in one
// allocation of libffi's. The alignment is what lets a slot find its chunk, and through it the
// worker, with a mask instead of 8 more bytes each.

internal import CFFI
internal import CPortico
internal import Kernel

/// Slots and their closures. Immortal.
@safe struct ReplyChunk: BitwiseCopyable {
  static let count = 1000
  static let alignment = 8192

  /// At the chunk's first byte; the slots follow.
  @unsafe struct Head {
    var context: Immortal<CallContext>
    /// Number of the chunk's first slot.
    var firstIndex: Int
    /// Code address of the first closure, and the distance to the next; 0 when each was allocated
    /// alone, and `codes` has them.
    var code: UInt
    var codeStride: Int
    var codes: UnsafeMutablePointer<UInt>
  }

  // SAFETY: allocated below, never freed, `count` slots behind the head.
  let head: UnsafeMutablePointer<Head>

  var slots: UnsafeMutablePointer<ReplySlot> {
    unsafe UnsafeMutableRawPointer(head + 1).assumingMemoryBound(to: ReplySlot.self)
  }

  /// The chunk that a slot lies in.
  @inline(__always)
  static func head(of slot: UnsafeMutablePointer<ReplySlot>) -> UnsafeMutablePointer<Head> {
    // SAFETY: chunks are aligned to `alignment`, and a slot lies inside its chunk.
    unsafe UnsafeMutablePointer(bitPattern: UInt(bitPattern: slot) & ~UInt(alignment - 1))!
  }

  /// The address that the handler calls for the slot at `place`.
  @inline(__always)
  func code(at place: Int) -> UInt {
    unsafe head.pointee.codeStride != 0
      ? head.pointee.code + UInt(place * head.pointee.codeStride) : head.pointee.codes[place]
  }

  /// The slot's place for a code address, or nil when that address is not of this chunk.
  func place(ofCode address: UInt) -> Int? {
    if unsafe head.pointee.codeStride != 0 {
      let code = unsafe head.pointee.code
      let stride = unsafe UInt(head.pointee.codeStride)
      guard address >= code, address - code < UInt(Self.count) * stride,
        (address - code) % stride == 0
      else { return nil }
      return Int((address - code) / stride)
    }
    for place in 0..<Self.count where unsafe head.pointee.codes[place] == address { return place }
    return nil
  }
}

/// Makes chunks.
@safe struct ReplyChunkFactory {
  /// One description of every reply's signature, for all closures.
  private let callInterface: UnsafeMutablePointer<ffi_cif>
  /// Does libffi's code address move with the data address? Then one allocation can be carved.
  let canCarve: Bool
  /// Can a closure be called without libffi's marshalling?
  let canShorten: Bool

  /// `allowsShortcuts` false makes every closure as libffi's manual has it, as for a libffi or a
  /// processor where these two fail.
  init(allowsShortcuts: Bool = true) {
    // SAFETY: both live as long as the process: closures refer to them for ever.
    unsafe callInterface = .allocate(capacity: 1)
    let types = UnsafeMutablePointer<UnsafeMutablePointer<ffi_type>?>.allocate(capacity: 2)
    unsafe types.initialize(repeating: nil, count: 2)
    let status = unsafe cffi_prepare_reply(callInterface, types)
    precondition(status == 0, "BUG: libffi does not know int64_t (*)(const void *, size_t)")
    unsafe canCarve = allowsShortcuts && Self.works(callInterface, isShort: false)
    unsafe canShorten = allowsShortcuts && Self.works(callInterface, isShort: true)
  }

  /// Calls a closure that was carved from the middle of an allocation, and perhaps shortened.
  private static func works(
    _ callInterface: UnsafeMutablePointer<ffi_cif>, isShort: Bool
  ) -> Bool {
    let stride = cffi_closure_size()
    var code: UnsafeMutableRawPointer?
    guard let data = unsafe ffi_closure_alloc(stride * 3, &code), let code = unsafe code else {
      return false
    }
    defer { unsafe ffi_closure_free(data) }
    // One that need not be carved is the first, whose code address libffi gives.
    let place = isShort ? 0 : stride
    let marker = unsafe UnsafeMutableRawPointer(bitPattern: 0x70_0001)!
    let status = unsafe cffi_prepare_closure(
      data + place, callInterface, answerFromLists, marker, code + place)
    guard status == 0, unsafe !isShort || cffi_shorten_closure(data, answer) == 0 else {
      return false
    }
    let reply = unsafe unsafeBitCast(code + place, to: portico_reply.self)
    return unsafe reply(UnsafeRawPointer(bitPattern: 0x4_0020), 0x300) == 0x74_0321
  }

  func make(firstIndex: Int, context: Immortal<CallContext>) -> ReplyChunk? {
    let byteCount =
      unsafe MemoryLayout<ReplyChunk.Head>.size + ReplyChunk.count * MemoryLayout<ReplySlot>.stride
    precondition(byteCount <= ReplyChunk.alignment, "BUG: a chunk outgrows its alignment")
    // SAFETY: head and slots fit, as checked; all of it is initialised here.
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: ReplyChunk.alignment)
    let head = unsafe raw.bindMemory(to: ReplyChunk.Head.self, capacity: 1)
    let codes = UnsafeMutablePointer<UInt>.allocate(capacity: canCarve ? 1 : ReplyChunk.count)
    unsafe head.initialize(
      to: ReplyChunk.Head(
        context: context, firstIndex: firstIndex, code: 0, codeStride: 0, codes: codes))
    let chunk = unsafe ReplyChunk(head: head)
    unsafe chunk.slots.initialize(
      repeating: ReplySlot(word: ReplySlot.State.dead, row: 0), count: ReplyChunk.count)
    return prepareClosures(of: chunk) ? chunk : nil
  }

  private func prepareClosures(of chunk: ReplyChunk) -> Bool {
    let stride = cffi_closure_size()
    var code: UnsafeMutableRawPointer?
    var data = unsafe canCarve ? ffi_closure_alloc(stride * ReplyChunk.count, &code) : nil
    if canCarve {
      guard unsafe data != nil, let code = unsafe code else { return false }
      unsafe chunk.head.pointee.code = UInt(bitPattern: code)
      unsafe chunk.head.pointee.codeStride = stride
    }
    for place in 0..<ReplyChunk.count {
      if !canCarve {
        unsafe data = ffi_closure_alloc(stride, &code)
        guard unsafe data != nil, let code = unsafe code else { return false }
        unsafe chunk.head.pointee.codes[place] = UInt(bitPattern: code)
      }
      let offset = canCarve ? place * stride : 0
      // SAFETY: data and code have room for this closure; the slot outlives it, both for ever.
      let status = unsafe cffi_prepare_closure(
        data! + offset, callInterface, enterReplyWithLists,
        UnsafeMutableRawPointer(chunk.slots + place),
        UnsafeMutableRawPointer(bitPattern: chunk.code(at: place))!)
      if status != 0 { return false }
      if canShorten, unsafe cffi_shorten_closure(data! + offset, enterReply) != 0 { return false }
    }
    return true
  }
}

/// The probe's targets: they answer everything that they were given.
@c
private func answer(
  _ data: UnsafeRawPointer?, _ length: UInt, _ user: UnsafeMutableRawPointer?
) -> Int64 {
  Int64(Int(bitPattern: data) | Int(length) | Int(bitPattern: user))
}

@c
private func answerFromLists(
  _ interface: UnsafeMutablePointer<ffi_cif>?, _ result: UnsafeMutableRawPointer?,
  _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ user: UnsafeMutableRawPointer?
) {
  // SAFETY: libffi passes what the call interface says.
  let data = unsafe arguments.unsafelyUnwrapped[0].unsafelyUnwrapped.load(
    as: UnsafeRawPointer?.self)
  let length = unsafe arguments.unsafelyUnwrapped[1].unsafelyUnwrapped.load(as: UInt.self)
  unsafe cffi_return(result, answer(data, length, user))
}
