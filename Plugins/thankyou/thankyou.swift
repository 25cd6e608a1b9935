// thankyou: logs what a client sent, answers `thank you !`, and closes. Portico's default plugin.
//
// It teaches what a handler in Swift looks like: `@c @implementation` defines a function that
// portico.h declares, so the compiler checks that both agree (public, or it is optimised away); and
// `portico_describe` hands out a descriptor that is made once and never freed.

public import CPortico

/// The host's services; set once, in `on_load`, before anything else is called.
nonisolated(unsafe) private var host: UnsafePointer<portico_host>?

/// Logs the bytes, thanks for them, and has consumed them.
@c @implementation
public func handle(_ buffer: UnsafeRawPointer, _ len: Int, _ reply: portico_reply) -> Int {
  // SAFETY: the host's bytes are valid until this call returns.
  unsafe logReceived(UnsafeRawBufferPointer(start: buffer, count: len), reply)
  unsafe thank(reply)
  return len
}

/// The answer, and then the end: one request a connection, as in the article.
private func thank(_ reply: portico_reply) {
  let answer: StaticString = "thank you !"
  _ = unsafe reply(answer.utf8Start, answer.utf8CodeUnitCount)
  _ = unsafe portico_finish(reply)
}

/// The host escapes what could forge a line or drive a terminal; here long text is cut.
private func logReceived(_ bytes: UnsafeRawBufferPointer, _ reply: portico_reply) {
  guard let host = unsafe host, unsafe host.pointee.log_enabled(PORTICO_LOG_INFO) != 0 else {
    return
  }
  var shown = unsafe bytes.prefix(1024)
  if unsafe shown.count < bytes.count {
    // Not in the middle of a character: UTF-8 continues with 10xxxxxx.
    while unsafe shown.count > 1020, unsafe bytes[shown.count] & 0xC0 == 0x80 {
      unsafe shown.removeLast()
    }
  }
  let text = unsafe String(decoding: shown, as: UTF8.self)
  let cut = unsafe shown.count < bytes.count ? "…" : ""
  var line = "The received data is: \(text)\(cut) (\(bytes.count) bytes)"
  line.withUTF8 {
    let start = unsafe UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self)
    unsafe host.pointee.log(reply, PORTICO_LOG_INFO, start, $0.count)
  }
}

/// What the host reads first: name, promises, hooks.
@c @implementation
public func portico_describe() -> UnsafePointer<portico_descriptor> { unsafe descriptor }

nonisolated(unsafe) private let descriptor: UnsafePointer<portico_descriptor> = {
  var described = unsafe portico_descriptor()
  unsafe described.magic = PORTICO_MAGIC
  unsafe described.size = UInt32(MemoryLayout<portico_descriptor>.size)
  unsafe described.abi_major = UInt16(PORTICO_ABI_MAJOR)
  unsafe described.abi_minor = UInt16(PORTICO_ABI_MINOR)
  // Replies only inside its calls, and shares nothing between clients: the host may do the most.
  unsafe described.flags = UInt64(PORTICO_INLINE | PORTICO_SHARDED)
  unsafe described.name = text("thankyou")
  unsafe described.version = text("1.0")
  unsafe described.description = text("logs what a client sends, answers `thank you !`, closes")
  unsafe described.on_load = { table, _, _ in
    unsafe host = unsafe table
    return 0
  }
  // A client that ends without having sent a byte is thanked too.
  unsafe described.on_eof = { _, reply in unsafe thank(reply) }
  let place = UnsafeMutablePointer<portico_descriptor>.allocate(capacity: 1)
  unsafe place.initialize(to: described)
  return unsafe UnsafePointer(place)
}()

/// A text that is part of the image, as C sees it.
private func text(_ literal: StaticString) -> UnsafePointer<CChar> {
  unsafe UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}
