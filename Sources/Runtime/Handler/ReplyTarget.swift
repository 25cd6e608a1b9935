// Where every libffi closure of a worker ends: `reply(data, len)`. The fast path (the client being
// served, on the loop's thread) is a copy and two comparisons; no class, no lock, no allocation.
// Every other case is in `Core+Reply.swift`. A closure gets here without libffi's marshalling where
// that can be left out, which is more than all the rest of a reply, and with it elsewhere.

internal import CFFI
internal import CKernel
internal import Glibc

/// The target of a closure that has been shortened. `user` is an immortal `ReplySlot`.
@c
func enterReply(
  _ data: UnsafeRawPointer?, _ length: UInt, _ user: UnsafeMutableRawPointer?
) -> Int64 {
  unsafe reply(user, data, length)
}

/// The target of one that has not.
@c
func enterReplyWithLists(
  _ interface: UnsafeMutablePointer<ffi_cif>?, _ result: UnsafeMutableRawPointer?,
  _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ user: UnsafeMutableRawPointer?
) {
  // SAFETY: libffi passes two arguments as the call interface says, and room for a result.
  let data = unsafe arguments.unsafelyUnwrapped[0].unsafelyUnwrapped.load(
    as: UnsafeRawPointer?.self)
  let length = unsafe arguments.unsafelyUnwrapped[1].unsafelyUnwrapped.load(as: UInt.self)
  unsafe cffi_return(result, reply(user, data, length))
}

@inline(__always)
private func reply(
  _ user: UnsafeMutableRawPointer?, _ data: UnsafeRawPointer?, _ length: UInt
) -> Int64 {
  // SAFETY: user is a slot inside a chunk; the stage has room for what is copied to it, and `data`
  // is the handler's for the length of this call.
  let slot = unsafe user.unsafelyUnwrapped.assumingMemoryBound(to: ReplySlot.self)
  let context = unsafe ReplyChunk.head(of: slot).pointee.context.pointer

  let staged = unsafe context.pointee.stageCount
  let room = unsafe UInt(bitPattern: context.pointee.stageCapacity &- staged)
  if unsafe slot == context.pointee.current, length <= room, length > 0,
    unsafe data != nil,
    unsafe UInt(bitPattern: ck_this_thread()) == context.pointee.thread,
    unsafe slot.pointee.word & ReplySlot.State.mask == ReplySlot.State.live,
    unsafe ck_load_u32(context.pointee.inboxCount) == 0,
    unsafe context.pointee.queued == 0
  {
    unsafe memcpy(context.pointee.stage + staged, data.unsafelyUnwrapped, Int(length))
    unsafe context.pointee.stageCount = staged &+ Int(length)
    unsafe context.pointee.replies &+= 1
    return Int64(staged &+ Int(length))
  }
  return unsafe slowReply(slot, Immortal(pointer: context), data, length)
}
