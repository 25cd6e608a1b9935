// Promise: a plugin in Swift needs no kit, only the header: @c @implementation has the compiler
// check this function against the declaration in portico.h.
import CPortico

/// Sends back what came.
@c @implementation
public func handle(
  _ buffer: UnsafeRawPointer, _ len: Int, _ reply: @escaping portico_reply
) -> Int {
  _ = reply(buffer, len)
  return len
}
