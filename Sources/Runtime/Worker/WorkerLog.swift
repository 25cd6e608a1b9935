// The worker's end of the log: a packet for each line to the supervisor, which writes it. Nothing
// here blocks; a line that does not fit is dropped and counted, and the next one that does says how
// many were. Any thread.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

struct WorkerLog: Sendable {
  private let fd: Int32
  private let identity: DescriptorIdentity?
  private let level: LogLevel
  private let page: SharedPage

  /// `fd` is an end of a packet socket pair; -1 writes nothing.
  init(fd: Int32, level: LogLevel, page: SharedPage) {
    self.fd = fd
    identity = DescriptorIdentity(of: fd)
    self.level = level
    self.page = page
  }

  @inline(__always)
  func isEnabled(_ level: LogLevel) -> Bool { level >= self.level }

  /// A line of the host's own.
  func write(
    _ level: LogLevel, connection: UInt64 = 0, peer: Endpoint = .none,
    _ text: @autoclosure () -> String
  ) {
    guard isEnabled(level) else { return }
    send(level, isFromHandler: false, connection: connection, peer: peer, Array(text().utf8))
  }

  /// A line of the handler's, or of the host's about a client's bytes.
  func write(
    _ level: LogLevel, isFromHandler: Bool, connection: UInt64, peer: Endpoint,
    bytes: UnsafeRawBufferPointer, after prefix: @autoclosure () -> String = ""
  ) {
    guard isEnabled(level) else { return }
    let most = LogRecord.maximumTextByteCount
    var text = Array(prefix().utf8)
    unsafe text += unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(most))
    if bytes.count > most { text += Array("… (\(bytes.count) bytes)".utf8) }
    send(level, isFromHandler: isFromHandler, connection: connection, peer: peer, text)
  }

  private func send(
    _ level: LogLevel, isFromHandler: Bool, connection: UInt64, peer: Endpoint, _ text: [UInt8]
  ) {
    guard fd >= 0 else { return }
    // The plugin may have closed it, and a client may have the number by now.
    guard let identity, identity.isIntact else {
      page.value.lost_descriptor = OwnDescriptor.log.rawValue
      page.countDroppedLogLine()
      return
    }
    let record = LogRecord(
      level: level, isFromHandler: isFromHandler, time_ns: ck_realtime_ns(),
      connection: connection, peer: peer, text: text)
    let packet = record.encoded()
    // SAFETY: the array's storage is valid inside the closure; the call copies it or fails.
    let sent = unsafe packet.withUnsafeBytes {
      unsafe ck_send(fd, $0.baseAddress, $0.count, 0) == $0.count
    }
    if !sent { page.countDroppedLogLine() }
  }
}
