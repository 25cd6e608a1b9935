// A kernel that a test plays by hand under a filter: its clock, what it takes, what it delivers
// next, and what was asked of it.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// What the test and the backend share.
final class PlayedKernel {
  var now_ms: UInt64 = 1000
  /// Bytes that it takes from the next sends.
  var room = Int.max
  /// Delivered at the next wait.
  var completions: [Completion] = []
  var input: [UInt8] = []

  var sent: [(bytes: [UInt8], at_ms: UInt64, isMoreToCome: Bool)] = []
  var reading: Set<Int> = []
  var ended = 0
  var closed: [(row: Int, isReset: Bool)] = []
  var turnedAway: [(fd: Int32, isReset: Bool)] = []
  var datagrams: [(bytes: [UInt8], port: UInt16, at_ms: UInt64)] = []
  var datagramResult: Int?
  var readsDatagrams = false
  var path = DatagramPath()
  /// How long the last wait could have lasted.
  var timeout_ms: Int32?

  var sentBytes: [UInt8] { sent.flatMap(\.bytes) }
}

struct PlayedBackend: Backend, ~Copyable {
  let kernel: PlayedKernel

  func now_ms() -> UInt64 { kernel.now_ms }
  mutating func armAccept(listener fd: Int32, token: Token, tellsPeer: Bool) throws(SystemError) {}
  var peer: Endpoint { .none }
  mutating func disarmAccept(listener fd: Int32, token: Token) {}
  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    kernel.turnedAway.append((fd, resetting))
  }
  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    kernel.readsDatagrams = true
  }
  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) { kernel.readsDatagrams = false }
  var path: DatagramPath { kernel.path }
  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    if let result = kernel.datagramResult { return result }
    for place in first..<outbox.count {
      let entry = unsafe outbox.datagrams[place]
      let start = unsafe UnsafeRawPointer(outbox.bytes) + Int(entry.offset)
      let bytes = unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(entry.length)))
      kernel.datagrams.append((bytes, entry.path.peer.port, kernel.now_ms))
    }
    return outbox.count - first
  }
  mutating func disarmControl(_ fd: Int32) {}
  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    kernel.reading.insert(token.index)
  }
  mutating func disarmReceive(_ fd: Int32, _ token: Token) { kernel.reading.remove(token.index) }
  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    let count = min(bytes.count, kernel.room)
    if kernel.room != .max { kernel.room -= count }
    if count > 0 {
      let taken = unsafe Array(bytes[..<count])
      kernel.sent.append((taken, kernel.now_ms, isMoreToCome))
    }
    return count
  }
  mutating func endSending(_ fd: Int32) { kernel.ended += 1 }
  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    kernel.closed.append((token.index, resetting))
  }
  mutating func wait(timeout_ms: Int32?) { kernel.timeout_ms = timeout_ms }
  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    guard !kernel.completions.isEmpty else { return .nothing }
    var completion = kernel.completions.removeFirst()
    if completion.kind == .received, completion.result > 0 {
      let into = unsafe room.room(for: completion.token)
      let count = min(kernel.input.count, into.count, completion.result)
      for place in 0..<count { unsafe into[place] = kernel.input[place] }
      kernel.input.removeFirst(count)
      completion.result = count
      unsafe completion.bytes = into.baseAddress
    }
    if completion.kind == .datagram {
      unsafe completion.bytes = room.datagrams
      for (place, byte) in kernel.input.enumerated() {
        unsafe room.datagrams.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
      }
      completion.result = kernel.input.count
    }
    return completion
  }
  func leavesOut(_ step: LoopStep) -> Bool { false }
}

/// Filters over a played kernel, and the loop's half of the talk: a queue for each row.
final class FilterHost {
  let kernel = PlayedKernel()
  let core: TestCore
  var io: Filtered<PlayedBackend>
  private var queues: [Int: [UInt8]] = [:]
  /// The loop waits for `sendable`.
  private(set) var isSending: Set<Int> = []
  /// What a send answered that failed.
  private(set) var failure: [Int: Int] = [:]
  private var rooms = OneRoom()

  init(_ filters: Filter..., seed: UInt64 = 1) throws {
    core = try TestCore {
      $0.filters = filters
      $0.sockets = [0]
    }
    let chain = FilterChain(filters, seed: seed)
    io = try Filtered(PlayedBackend(kernel: kernel), core: core.core, chain: chain)
  }

  /// A client as the loop has it.
  func connect() -> Int {
    let row = core.connect()
    io.armReceive(fd(row), token(row), .now)
    return row
  }

  func fd(_ row: Int) -> Int32 { core.core.value.connections[row].fd }
  func token(_ row: Int) -> Token { core.core.value.connections.token(row) }

  /// The handler replies, and may finish.
  func reply(_ row: Int, _ bytes: [UInt8], isFinishing: Bool = false) {
    queues[row, default: []] += bytes
    io.noteQueue(
      fd(row), token(row), byteCount: queues[row]?.count ?? 0, isFinishing: isFinishing)
    flush(row)
  }

  /// Sends what waits until it is less than offered.
  func flush(_ row: Int) {
    while !isSending.contains(row), let queue = queues[row], !queue.isEmpty {
      // As the loop does, chunk by chunk.
      let offered = Array(queue.prefix(16 << 10))
      let sent = unsafe offered.withUnsafeBytes {
        unsafe io.send(fd(row), token(row), $0, isMoreToCome: offered.count < queue.count)
      }
      guard sent >= 0 else {
        failure[row] = sent
        queues[row] = []
        return
      }
      queues[row]?.removeFirst(sent)
      if sent < offered.count { isSending.insert(row) }
    }
  }

  func waiting(_ row: Int) -> Int { queues[row]?.count ?? 0 }
  func mayEnd(_ row: Int) -> Bool { io.mayEnd(fd(row), token(row)) }

  var isHolding: Bool { io.isHolding }

  /// Replies to datagrams, as the loop sends them; what it is answered.
  func send(_ datagrams: [[UInt8]]) -> Int {
    var outbox = DatagramOutbox()
    var path = DatagramPath()
    path.peer.port = 5
    for bytes in datagrams {
      unsafe bytes.withUnsafeBytes {
        unsafe outbox.add($0.baseAddress, $0.count, along: path)
      }
    }
    return io.sendDatagrams(9, outbox, from: 0)
  }

  /// Ends a row as the loop does.
  func close(_ row: Int, resetting: Bool = false) {
    io.close(fd(row), token(row), resetting: resetting)
    queues[row] = nil
    failure[row] = nil
    isSending.remove(row)
    core.disconnect(row)
  }

  /// One turn at a time on the clock: everything that it delivers, obeyed as the loop would.
  @discardableResult
  func turn(at now_ms: UInt64? = nil) -> [Completion] {
    if let now_ms { kernel.now_ms = now_ms }
    io.wait(timeout_ms: nil)
    var completions: [Completion] = []
    while true {
      let completion = io.next(rooms)
      if completion.kind == .none { return completions }
      completions.append(completion)
      if completion.kind == .sendable {
        isSending.remove(completion.token.index)
        flush(completion.token.index)
      }
    }
  }

  /// Turn after turn, each when the filter asked for it, until it asks for none or the time is
  /// over.
  func run(until end_ms: UInt64 = .max) {
    var turns = 0
    while turns < 100_000 {
      turns += 1
      turn()
      io.wait(timeout_ms: nil)
      guard let left = kernel.timeout_ms else { return }
      let next_ms = kernel.now_ms + UInt64(left)
      #expect(left > 0, "what is due was delivered")
      guard next_ms <= end_ms else { return }
      kernel.now_ms = next_ms
    }
    Issue.record("it asks for turn after turn")
  }

  /// The client sends, and the kernel delivers.
  func receive(_ row: Int, _ bytes: [UInt8]) -> [Completion] {
    kernel.input += bytes
    deliver(.received, token(row), bytes.count)
    return turn()
  }

  func deliver(_ kind: Completion.Kind, _ token: Token, _ result: Int = 0) {
    var completion = Completion.nothing
    completion.kind = kind
    completion.token = token
    completion.result = result
    kernel.completions.append(completion)
  }
}
