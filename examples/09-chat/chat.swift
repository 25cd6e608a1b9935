// Step 9: a line chat. What one client says, all others hear: replies to other connections.
//
//     make 09 && portico --plugin .build/chat.so --listen tcp://127.0.0.1:7788
//     nc 127.0.0.1 7788          (in several terminals; the first line is your name)
//
// `reply.later` is a connection's name that may be kept: a key of a dictionary, and a reply at the
// same time. The room is shared by all connections of a worker, whose calls never overlap, so it
// needs no lock. It is not shared by workers: this plugin does not promise `.sharded`, so there is
// one. `.coupled` tells `portico test` that its clients influence each other on purpose.

public import PorticoHandler

final class Room: SharedState {
  private var members: [LaterReply: String] = [:]

  func enter(_ member: LaterReply, as name: String) {
    tell("* \(name) is here\n", exceptFor: member)
    members[member] = name
  }

  func leave(_ member: LaterReply) {
    guard let name = members.removeValue(forKey: member) else { return }
    tell("* \(name) has gone\n", exceptFor: member)
  }

  /// A member that does not read is cut off by the host, and leaves as others do.
  func tell(_ text: String, exceptFor speaker: LaterReply) {
    for member in members.keys where member != speaker { member.send(text) }
  }
}

struct Chat: FramedHandler {
  static let plugin = Plugin(
    name: "chat", description: "a chat of lines", promises: [.forgets, .coupled])
  static let framing = Lines(limit: 1024)

  let room: Room
  var name: String?

  static func load(_ settings: Settings) -> Room { Room() }

  init(_ shared: Room) { room = shared }

  func greet(_ reply: Reply) { reply.send("your name?\n") }

  mutating func receive(frame: RawSpan, _ reply: Reply) {
    guard let name else {
      let name = frame.excerpt(32)
      self.name = name
      room.enter(reply.later, as: name)
      reply.send("* hello \(name)\n")
      return
    }
    room.tell("\(name): \(frame.text)\n", exceptFor: reply.later)
  }

  /// `.forgets` is the promise that nobody in the room is kept beyond this.
  func closed(_ client: LaterReply) { room.leave(client) }

  func draining(_ reply: Reply) {
    reply.send("* the room closes\n")
    reply.finish()
  }

  func inputEnded(_ reply: Reply) { reply.finish() }
}

@c public func portico_describe() -> PluginDescriptor { describe(Chat.self) }
