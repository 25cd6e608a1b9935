// Promise: a Swift plugin whose run path leads nowhere finds the runtime that came along,
// Foundation too.
import CPortico
import Foundation

/// Answers the number of seconds between two dates.
@c @implementation
public func handle(
  _ buffer: UnsafeRawPointer, _ len: Int, _ reply: @escaping portico_reply
) -> Int {
  let start = Date(timeIntervalSince1970: 0)
  let text = "\(Int(Date(timeIntervalSince1970: 42).timeIntervalSince(start)))"
  _ = text.withCString { reply($0, text.utf8.count) }
  _ = portico_finish(reply)
  return len
}
