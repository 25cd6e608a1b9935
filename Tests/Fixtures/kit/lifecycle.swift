// A handler on the kit with everything: each method leaves a mark that a client or the log sees.

public import PorticoHandler

/// Its end is the end of a connection's state.
final class Witness {
  let id: UInt64
  init(id: UInt64) { self.id = id }
  deinit { Log.write(.info, "destroyed \(id)") }
}

struct Lifecycle: Handler {
  static let plugin = Plugin(
    name: "lifecycle", version: "1.0", description: "every method of the kit", maxFrame: 4096)

  final class Tables: SharedState {
    let word: String
    var opened = 0
    var kept: LaterReply?
    init(word: String) { self.word = word }
  }

  let tables: Tables
  var witness: Witness?
  var requests = 0

  static func load(_ settings: Settings) throws -> Tables {
    let most = try settings.number("most", in: 1...10, default: 5)
    if settings.text("word") == "refuse" { throw Refusal("no such word today") }
    WorkerTimer.set(after: .milliseconds(10))
    return Tables(word: settings.text("word") ?? "hello \(most)")
  }

  init(_ shared: Tables) { tables = shared }

  mutating func opened(_ reply: Reply) throws {
    tables.opened += 1
    let client = try reply.client ?? { throw Refusal("BUG: nobody is there") }()
    witness = Witness(id: client.id)
    reply.log(.info, "opened \(client.transport) \(client.peer) \(client.listener)")
  }

  mutating func greet(_ reply: Reply) { reply.send("\(tables.word)\n") }

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) throws -> Int {
    guard bytes[byte: bytes.byteCount - 1] == UInt8(ascii: "\n") else { return 0 }
    requests += 1
    switch bytes.text {
    case "count\n": reply.send("\(requests) of \(tables.opened)\n")
    case "throw\n": throw Refusal("thrown on request")
    case "timer\n": reply.setTimer(after: .milliseconds(5))
    case "keep\n":
      tables.kept = reply.later
      reply.send("kept\n")
    case "say\n": reply.send("\(tables.kept?.send("said\n") ?? .gone)\n")
    case "abort\n": reply.abort()
    case "later\n":
      let later = reply.later
      Task.detached {
        try? await Task.sleep(for: .milliseconds(5))
        later.send("at last\n")
        later.finish()
      }
    default: throw Refusal("unknown: \(bytes.excerpt(20))")
    }
    return bytes.byteCount
  }

  mutating func inputEnded(_ reply: Reply) {
    reply.send("goodbye after \(requests)\n")
    reply.finish()
  }

  mutating func timerFired(_ reply: Reply) { reply.send("tick\n") }
  static func workerTimerFired(_ shared: Tables) { Log.write(.info, "worker timer") }
  mutating func draining(_ reply: Reply) { reply.send("the server ends\n") }
  mutating func closed(_ client: LaterReply) { Log.write(.info, "closed after \(requests)") }
  static func unload(_ shared: Tables) { Log.write(.info, "unload after \(shared.opened)") }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Lifecycle.self) }
