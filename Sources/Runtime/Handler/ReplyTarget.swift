// Where every libffi closure of a worker ends: `reply(data, len)`. The fast path (the client being
// served, on the loop's thread) is a copy and two comparisons; no class, no lock, no allocation.
// Every other case is in `Core+Reply.swift`.

internal import CFFI
internal import CKernel
internal import Glibc

/// The target of all reply closures. `user` is an immortal `ReplySlot`.
@c
func replyTarget(
  _ interface: UnsafeMutablePointer<ffi_cif>?, _ result: UnsafeMutableRawPointer?,
  _ arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ user: UnsafeMutableRawPointer?
) {
  // SAFETY: libffi passes two arguments as the call interface says; user is a slot inside a chunk.
  let slot = unsafe user.unsafelyUnwrapped.assumingMemoryBound(to: ReplySlot.self)
  let data = unsafe arguments.unsafelyUnwrapped[0].unsafelyUnwrapped.load(
    as: UnsafeRawPointer?.self)
  let length = unsafe arguments.unsafelyUnwrapped[1].unsafelyUnwrapped.load(as: UInt.self)
  let context = unsafe ReplyChunk.head(of: slot).pointee.context.pointer

  let staged = unsafe context.pointee.stageCount
  let room = unsafe UInt(bitPattern: context.pointee.stageCapacity &- staged)
  if unsafe slot == context.pointee.current, length <= room, length > 0,
    unsafe data != nil,
    unsafe ck_this_thread() == context.pointee.thread,
    unsafe slot.pointee.word & ReplySlot.State.mask == ReplySlot.State.live,
    unsafe ck_load_u32(context.pointee.inboxCount) == 0,
    unsafe context.pointee.queued == 0
  {
    unsafe memcpy(context.pointee.stage + staged, data.unsafelyUnwrapped, Int(length))
    unsafe context.pointee.stageCount = staged &+ Int(length)
    unsafe context.pointee.replies &+= 1
    unsafe cffi_return(result, Int64(staged &+ Int(length)))
    return
  }
  let answer = unsafe slowReply(slot, Immortal(pointer: context), data, length)
  unsafe cffi_return(result, answer)
}
