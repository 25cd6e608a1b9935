// The backends that have a kernel below them, in one type, so that one test plays both: what the
// loop is promised does not depend on which of them it is.

internal import Kernel

@testable import Runtime

enum BackendKind: CaseIterable {
  case epoll, uring
}

/// Passes everything on to the one that it has.
struct EitherBackend: Backend {
  private let epoll: Immortal<Epoll>?
  private let uring: Immortal<Uring>?
  private let isUring: Bool

  init(_ kind: BackendKind, wake: Int32, control: Int32) throws(SystemError) {
    isUring = kind == .uring
    switch kind {
    case .epoll:
      let backend = try Epoll(connections: 256, sockets: 4, wake: wake, control: control)
      epoll = Immortal(backend)
      uring = nil
    case .uring:
      // SAFETY: never freed; as many bytes as the buffers take.
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: UringBuffers(receiveSize: 65536).byteCount, alignment: 4096)
      epoll = nil
      let backend = try unsafe Uring(
        connections: 256, sockets: 4, wake: wake, control: control, memory: memory,
        receiveSize: 65536)
      uring = Immortal(backend)
    }
  }

  func now_ms() -> UInt64 { isUring ? uring!.value.now_ms() : epoll!.value.now_ms() }
  func leavesOut(_ step: LoopStep) -> Bool { false }
  var path: DatagramPath { isUring ? uring!.value.path : epoll!.value.path }

  mutating func armAccept(
    listener fd: Int32, token: Token, tellsPeer: Bool
  ) throws(SystemError) {
    if isUring {
      try uring!.value.armAccept(listener: fd, token: token, tellsPeer: tellsPeer)
    } else {
      try epoll!.value.armAccept(listener: fd, token: token, tellsPeer: tellsPeer)
    }
  }

  var peer: Endpoint { isUring ? uring!.value.peer : epoll!.value.peer }

  mutating func disarmAccept(listener fd: Int32, token: Token) {
    if isUring {
      uring!.value.disarmAccept(listener: fd, token: token)
    } else {
      epoll!.value.disarmAccept(listener: fd, token: token)
    }
  }

  mutating func turnAway(_ fd: Int32, resetting: Bool) {
    if isUring {
      uring!.value.turnAway(fd, resetting: resetting)
    } else {
      epoll!.value.turnAway(fd, resetting: resetting)
    }
  }

  mutating func armDatagrams(_ fd: Int32, _ token: Token) throws(SystemError) {
    if isUring {
      try uring!.value.armDatagrams(fd, token)
    } else {
      try epoll!.value.armDatagrams(fd, token)
    }
  }

  mutating func disarmDatagrams(_ fd: Int32, _ token: Token) {
    if isUring {
      uring!.value.disarmDatagrams(fd, token)
    } else {
      epoll!.value.disarmDatagrams(fd, token)
    }
  }

  mutating func sendDatagrams(
    _ fd: Int32, _ outbox: borrowing DatagramOutbox, from first: Int
  ) -> Int {
    isUring
      ? uring!.value.sendDatagrams(fd, outbox, from: first)
      : epoll!.value.sendDatagrams(fd, outbox, from: first)
  }

  mutating func disarmControl(_ fd: Int32) {
    if isUring { uring!.value.disarmControl(fd) } else { epoll!.value.disarmControl(fd) }
  }

  mutating func armReceive(_ fd: Int32, _ token: Token, _ eagerness: Eagerness) {
    if isUring {
      uring!.value.armReceive(fd, token, eagerness)
    } else {
      epoll!.value.armReceive(fd, token, eagerness)
    }
  }

  mutating func disarmReceive(_ fd: Int32, _ token: Token) {
    if isUring {
      uring!.value.disarmReceive(fd, token)
    } else {
      epoll!.value.disarmReceive(fd, token)
    }
  }

  mutating func send(
    _ fd: Int32, _ token: Token, _ bytes: UnsafeRawBufferPointer, isMoreToCome: Bool
  ) -> Int {
    // SAFETY: the caller's bytes are valid during the call.
    unsafe isUring
      ? uring!.value.send(fd, token, bytes, isMoreToCome: isMoreToCome)
      : epoll!.value.send(fd, token, bytes, isMoreToCome: isMoreToCome)
  }

  mutating func endSending(_ fd: Int32) {
    if isUring { uring!.value.endSending(fd) } else { epoll!.value.endSending(fd) }
  }

  func unsentByteCount(_ fd: Int32) -> Int {
    isUring ? uring!.value.unsentByteCount(fd) : epoll!.value.unsentByteCount(fd)
  }

  mutating func close(_ fd: Int32, _ token: Token, resetting: Bool) {
    if isUring {
      uring!.value.close(fd, token, resetting: resetting)
    } else {
      epoll!.value.close(fd, token, resetting: resetting)
    }
  }

  mutating func wait(timeout_ms: Int32?) {
    if isUring {
      uring!.value.wait(timeout_ms: timeout_ms)
    } else {
      epoll!.value.wait(timeout_ms: timeout_ms)
    }
  }

  mutating func next<Room: ReceiveRoom & ~Copyable>(_ room: borrowing Room) -> Completion {
    isUring ? uring!.value.next(room) : epoll!.value.next(room)
  }
}
