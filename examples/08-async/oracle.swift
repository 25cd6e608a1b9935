// Step 8: async Swift. A question may take its time: the oracle sleeps for as many milliseconds as
// the line says, and answers then.
//
//     make 08 && portico call .build/oracle.so --data '30\n10\n'
//
// While a request is being answered its client is not read, so a connection's answers keep their
// order, and a client that asks faster than it is answered costs nothing. Others are served
// meanwhile. When the client goes, its task is cancelled.

public import PorticoHandler

struct Oracle: AsyncHandler {
  static let plugin = Plugin(name: "oracle", description: "sleeps for so many milliseconds")
  static let lines = Lines(limit: 64)

  /// On the worker's loop: cut one request off, and be quick.
  func nextRequest(in bytes: RawSpan) throws -> Framed<Int>? {
    guard let line = try Self.lines.next(in: bytes) else { return nil }
    let text = bytes.text(in: line.payload)
    guard let milliseconds = Int(text), 0...10_000 ~= milliseconds else {
      throw Refusal("\"\(text)\" is not a number of milliseconds up to 10000")
    }
    return Framed(milliseconds, byteCount: line.end)
  }

  /// In a task of its own.
  func respond(to milliseconds: Int, _ reply: AsyncReply) async throws {
    try await Task.sleep(for: .milliseconds(milliseconds))
    reply.send("after \(milliseconds) ms\n")
  }
}

@c public func portico_describe() -> PluginDescriptor { describe(Oracle.self) }
