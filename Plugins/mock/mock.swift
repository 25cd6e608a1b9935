// mock: plays the part of the server in a transcript, which is its configuration file. What it does
// when is decided by `Conversation`; here that is carried out. It is what `portico mock` serves.
//
// It does not promise `.inline`: an answer may have to wait for its time when the client has
// already ended, and only a handler without that promise ends such a connection itself.

public import PorticoHandler
internal import Transcript

struct Mock: Handler {
  static let plugin = Plugin(
    name: "mock", version: "1.0", description: "plays the server's part of a transcript",
    promises: [.forgets, .sharded])

  /// Made from the transcript once in each worker.
  final class Script: SharedState {
    let stream: ConversationScript
    /// Of each datagram; empty unless there are listeners for them.
    let answers: [[UInt8]: [[UInt8]]]

    init(stream: ConversationScript, answers: [[UInt8]: [[UInt8]]]) {
      self.stream = stream
      self.answers = answers
    }
  }

  private let script: Script
  private var conversation: Conversation
  /// A datagram has no connection, which would be greeted first.
  private var isStream = false

  static func load(_ settings: Settings) throws -> Script {
    let loops = try settings.flag("loop", default: false)
    let takesDatagrams = try settings.flag("datagrams", default: false)
    guard let text = settings.file else {
      throw Refusal("there is no transcript to play: give it with --handler-config FILE")
    }
    do throws(TranscriptError) {
      let transcript = try Transcript(parsing: text)
      return Script(
        stream: try ConversationScript(transcript, loops: loops),
        answers: takesDatagrams ? try transcript.datagramAnswers() : [:])
    } catch {
      throw Refusal("the transcript, \(error)")
    }
  }

  init(_ script: Script) {
    self.script = script
    conversation = Conversation(script.stream)
  }

  mutating func greet(_ reply: Reply) {
    isStream = true
    play(reply)
  }

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    if isStream {
      conversation.receive(bytes.array)
      play(reply)
    } else {
      answer(bytes.array, reply)
    }
    return bytes.byteCount
  }

  mutating func inputEnded(_ reply: Reply) {
    conversation.endInput()
    play(reply)
  }

  mutating func timerFired(_ reply: Reply) {
    conversation.timePassed()
    play(reply)
  }

  mutating func writable(_ reply: Reply) { play(reply) }

  /// Does what is next, until it is the client's turn.
  private mutating func play(_ reply: Reply) {
    while let action = conversation.next() {
      switch action {
      case .send(let bytes):
        guard send(bytes, reply) else { return }
      case .wait(let milliseconds): reply.setTimer(after: .milliseconds(milliseconds))
      case .finish: reply.finish()
      case .refuse(let mismatch):
        reply.log(.warning, "line \(mismatch.line) of the transcript: \(mismatch.logText)")
        reply.finish()
      }
    }
  }

  /// False when the client has to read first.
  private mutating func send(_ bytes: [UInt8], _ reply: Reply) -> Bool {
    switch reply.send(bytes) {
    case .waiting(let byteCount): return byteCount <= Reply.highWater
    case .full:
      conversation.repeatSend()
      return false
    case .gone, .misuse: return false
    case .tooBig:
      reply.log(.error, "an answer of the transcript does not fit into --reply-limit")
      reply.abort()
      return false
    }
  }

  private func answer(_ datagram: [UInt8], _ reply: Reply) {
    guard let answers = script.answers[datagram] else {
      let shown = Transcript.logText(datagram.prefix(200))
      reply.log(.warning, "no > line of the transcript is this datagram: \"\(shown)\"")
      return
    }
    for bytes in answers {
      switch reply.send(bytes) {
      case .waiting, .gone: break
      case .full:
        reply.log(.warning, "an answer is longer than --udp-amplification lets it be")
      case .tooBig, .misuse: reply.log(.warning, "an answer is too long for a datagram")
      }
    }
  }
}

/// What the host asks for first.
@c public func portico_describe() -> PluginDescriptor { describe(Mock.self) }
