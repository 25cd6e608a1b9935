// A worker's core without a loop, a backend or a plugin: its tables, its buffers and real closures.

internal import CKernel
internal import CPortico
internal import Control
internal import Glibc
internal import Kernel

@testable import Runtime

enum Promise {
  static let inline: UInt64 = 1
  static let forgets: UInt64 = 2
}

@safe struct TestCore {
  let core: Immortal<Core>

  /// Buffers lie in a memory file of 32 MiB, as in a worker; none of it is ever freed.
  init(
    promises: UInt64 = 0, allowsShortcuts: Bool = true, buffersByteCount: Int = 32 << 20,
    _ change: (inout WorkerConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = WorkerConfiguration()
    configuration.buffersByteCount = buffersByteCount
    configuration.maxConnections = 64
    change(&configuration)
    let file = Immortal(
      try MemoryFile(name: "test-buffers", byteCount: configuration.buffersByteCount))
    core = try Core.make(
      configuration: configuration, buffersFD: file.value.descriptor.rawValue, logFD: -1,
      page: SharedPage(), allowsShortcuts: allowsShortcuts)
    core.value.handler.name = "test"
    core.value.handler.flags = promises
    core.value.replies.reissue = core.value.handler.reissue(isStrict: false)
  }

  /// A client whose descriptor no kernel knows, with a live reply.
  func connect() -> Int {
    let row = core.value.connections.insert(fd: 1 << 20, id: core.value.nextConnection)
    core.value.nextConnection += 1
    core.value.connections[row].slot = core.value.replies.issue(row: row)!
    return row
  }

  /// What the loop does when a client goes, without the socket and the hooks.
  func disconnect(_ row: Int) {
    let slot = core.value.connections[row].slot
    core.value.killReply(row)
    core.value.replies.retire(slot)
    core.value.dropInput(row)
    core.value.chunks.value.clear(&core.value.connections[row].output)
    core.value.connections.remove(row)
  }

  func code(_ row: Int) -> UInt { core.value.replyCode(row) }

  /// Everything that waits for a client, taken out.
  func takeOutput(_ row: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while !core.value.connections[row].output.isEmpty {
      let front = unsafe core.value.connections[row].output.front
      unsafe bytes += Array(front)
      core.value.chunks.value.consume(front.count, from: &core.value.connections[row].output)
    }
    return bytes
  }

  var staged: [UInt8] {
    let stage = unsafe core.value.context.value.stage
    return unsafe Array(
      UnsafeRawBufferPointer(start: stage, count: core.value.context.value.stageCount))
  }

  func marks(_ row: Int) -> Connection.Marks { core.value.connections[row].marks }
  func waiting(_ row: Int) -> Int { core.value.connections[row].output.count }
  var stale: UInt64 { core.value.page.value.stale_replies }
  var misused: UInt64 { core.value.page.value.misused_replies }

  /// Calls `handle` with `numbers` as its bytes, which it may overwrite: what it left there, and
  /// what it returned.
  func handle(_ row: Int, _ numbers: [Int64]) -> (numbers: [Int64], returned: Int) {
    let bytes = unsafe core.value.buffers.receiveBuffer
    for (place, number) in numbers.enumerated() {
      unsafe bytes.storeBytes(of: number, toByteOffset: place * 8, as: Int64.self)
    }
    let callee = core.value.beginCalls(row)
    let returned = unsafe core.value.callHandle(row, callee, bytes, numbers.count * 8)
    let left = numbers.indices.map {
      unsafe bytes.load(fromByteOffset: $0 * 8, as: Int64.self)
    }
    return (left, returned)
  }
}

/// Calls a code address as a handler does: through libffi.
func reply(_ code: UInt, _ bytes: [UInt8]) -> Int64 {
  let function = unsafe unsafeBitCast(code, to: portico_reply.self)
  return unsafe bytes.withUnsafeBytes { unsafe function($0.baseAddress, $0.count) }
}

/// The same with a NULL: a finish, a question, or a mistake.
func replyNull(_ code: UInt, length: Int) -> Int64 {
  let function = unsafe unsafeBitCast(code, to: portico_reply.self)
  return function(nil, length)
}

let finishLength = -1
let gone = Int64(PORTICO_GONE)
let full = Int64(PORTICO_FULL)
let misuse = Int64(PORTICO_MISUSE)
let tooBig = Int64(PORTICO_TOO_BIG)

/// A flag or a counter that several threads touch. Never freed.
@safe struct SharedNumber: @unchecked Sendable {
  // SAFETY: allocated in init and never freed; touched atomically only.
  private let pointer: UnsafeMutablePointer<UInt32>

  init(_ value: UInt32 = 0) {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: value)
  }

  var value: UInt32 {
    get { unsafe ck_load_u32(pointer) }
    nonmutating set { unsafe ck_store_u32(pointer, newValue) }
  }

  func add(_ count: UInt32) { _ = unsafe ck_add_u32(pointer, count) }

  func wait(until wanted: UInt32) {
    while value != wanted { sched_yield() }
  }
}
