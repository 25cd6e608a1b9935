// A host for an author's own unit tests: clients without sockets, in the test's process and on its
// thread. It keeps the rules of portico.h that a test can see (what is not consumed comes again,
// nothing is passed after a finish, a pause pauses), and leaves out those that need a kernel.

public import PorticoHandler

/// A worker that has loaded a handler.
///
///     let host = try TestHost(Greeter.self, settings: ["greeting": "hello"])
///     let client = try host.connect()
///     try client.send("I am Ada\n")
///     #expect(client.received == "hello Ada\n")
///
/// Use it and its clients on one thread at a time. At most 64 clients may be there at once in a
/// process, in all tests that run side by side.
public final class TestHost<H: Handler> {
  /// What the handler's `load(_:)` returned.
  public let shared: H.Shared
  /// Keys that were given and that `load(_:)` did not ask for: the real host refuses to start then.
  public let unknownSettings: [String]
  private var lastID: UInt64 = 0

  /// Calls `load(_:)`, and throws what it throws.
  public init(
    _ type: H.Type, settings: [String: String] = [:], file: [UInt8]? = nil
  ) throws {
    TestTable.install()
    var asked: Set<String> = []
    shared = try H.load(
      Settings(file: file) { key in
        asked.insert(key)
        return settings[key]
      })
    unknownSettings = settings.keys.filter { !asked.contains($0) }.sorted()
  }

  /// A new client of a stream: the handler's `opened(_:)` and `greet(_:)` have been called.
  public func connect(
    transport: Client.Transport = .tcp, peer: String = "192.0.2.1:4711"
  ) throws -> TestClient<H> {
    lastID += 1
    let wire = try Wire(
      Client(
        transport: transport, id: lastID, peer: peer, local: "192.0.2.2:7788",
        listener: "tcp://192.0.2.2:7788", peerPort: 4711))
    return TestClient(H(shared), wire)
  }

  /// The answers to a datagram, one element each.
  public func datagram(
    _ bytes: [UInt8], peer: String = "192.0.2.1:4711"
  ) throws -> [[UInt8]] {
    lastID += 1
    let wire = try Wire(
      Client(
        transport: .udp, id: lastID, peer: peer, local: "192.0.2.2:7788",
        listener: "udp://192.0.2.2:7788", peerPort: 4711))
    defer { wire.end() }
    var handler = H(shared)
    // SAFETY: bytes have no padding.
    _ = try unsafe handler.receive(bytes.span.bytes, wire.reply)
    return wire.datagrams
  }

  /// The answers to a datagram of text, one element each.
  public func datagram(_ text: String, peer: String = "192.0.2.1:4711") throws -> [String] {
    try datagram(Array(text.utf8), peer: peer).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The worker's timer has fired.
  public func fireWorkerTimer() throws { _ = try H.workerTimerFired(shared) }
}

extension TestHost {
  /// A host of an `async` handler: after `send`, wait with `await client.settle()`.
  public convenience init<A: AsyncHandler>(
    _ type: A.Type, settings: [String: String] = [:], file: [UInt8]? = nil
  ) throws where H == AsyncBridge<A> {
    try self.init(AsyncBridge<A>.self, settings: settings, file: file)
  }
}

/// What a handler does that the real host would end the connection for.
public enum HandlerFault: Error, Equatable, CustomStringConvertible {
  /// `receive` returned more than there was.
  case consumedTooMuch(Int, of: Int)
  /// `receive` returned a negative number.
  case protocolError(Int)
  /// 64 clients are there already.
  case tooManyClients
  /// A request was still being answered.
  case stillBusy(after: Duration)

  /// A line for the test's output.
  public var description: String {
    switch self {
    case .consumedTooMuch(let count, let available):
      "receive returned \(count) for \(available) bytes"
    case .protocolError(let answer): "receive returned \(answer)"
    case .tooManyClients: "64 test clients are there already: close those that are done"
    case .stillBusy(let limit): "a request is still being answered after \(limit)"
    }
  }
}
