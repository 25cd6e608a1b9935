// Promise: a Swift function called handle that C does not see is found out, and it is said what to
// write in front of it.
import CPortico

/// Has only Swift's name.
public func handle(_ buffer: UnsafeRawPointer, _ len: Int, _ reply: portico_reply) -> Int {
  _ = reply(buffer, len)
  return len
}
