// A socket of the client and what is on its way through it: messages that it has still to send, and
// the line that has only half arrived.

internal import Kernel
internal import Lab
internal import Numbered

/// One of the client's sockets.
final class Lane {
  /// Where it is in its life.
  enum State: Equatable {
    /// A connection is being made.
    case connecting
    /// It sends and receives.
    case open
    /// It has sent everything and said so; it still receives.
    case ending
    /// The server ended it, or it is not needed any more.
    case over
  }

  let socket: ClientSocket
  /// For the poller: its place among the lanes.
  let token: UInt64
  var state: State
  /// Something was answered here.
  var isSettled = false
  /// The kernel takes nothing at the moment.
  var isBlocked = false
  /// What the poller was told last.
  var watched: (receiving: Bool, sending: Bool)?
  private var cutter: LineCutter

  /// Messages that wait to be sent, from the first that is not wholly taken.
  private(set) var waiting: [Int] = []
  private var head = 0
  /// Of a stream: the bytes of those messages, in one piece, and how many of them are taken.
  private var bytes: [UInt8] = []
  private var takenCount = 0
  private let size: Int

  init(_ socket: consuming ClientSocket, token: UInt64, size: Int) {
    state = socket.isUnderWay ? .connecting : .open
    self.socket = socket
    self.token = token
    self.size = size
    cutter = LineCutter(limit: size + ClientLedger.longestStamp)
  }

  var isIdle: Bool { head == waiting.count }

  /// Adds messages to be sent: over a stream in one write.
  func add(_ numbers: some Sequence<Int>) {
    if isIdle {
      waiting.removeAll(keepingCapacity: true)
      bytes.removeAll(keepingCapacity: true)
      (head, takenCount) = (0, 0)
    }
    for number in numbers {
      waiting.append(number)
      if socket.isStream { bytes += Request(number: number, byteCount: size).bytes }
    }
  }

  /// One send: the messages that it completed, and what became of it.
  func send() -> (sent: ArraySlice<Int>, outcome: ClientSocket.Sending) {
    let first = head
    let outcome: ClientSocket.Sending
    if socket.isStream {
      outcome = socket.send(bytes, from: takenCount)
      if case .sent(let count) = outcome { takenCount += count }
      head = takenCount / size
    } else {
      outcome = socket.send(Request(number: waiting[head], byteCount: size).bytes)
      if case .sent = outcome { head += 1 }
    }
    return (waiting[first..<head], outcome)
  }

  /// What was received, as lines without their line feeds; nil for one that is none. An empty line
  /// is nothing.
  func lines(of bytes: ArraySlice<UInt8>) -> [[UInt8]?] {
    if socket.isStream { return cutter.feed(bytes).filter { $0?.isEmpty != true } }
    guard bytes.count <= size + ClientLedger.longestStamp, !bytes.isEmpty else { return [nil] }
    return [Array(bytes.last == Message.lineFeed ? bytes.dropLast() : bytes)]
  }
}
