// From what a dead worker left, its page and its buffers, to a report. Pure but for what `read`
// does; both are hostile, so every number is checked against what there is before it is used.

package import CKernel
internal import Control
internal import Kernel

extension CrashReport {
  /// Bytes of a worker's buffers from an offset on; fewer than asked for, or none, at their end.
  package typealias ReadBuffers = (_ offset: Int, _ count: Int) -> [UInt8]

  /// More of one request is not kept.
  private static let largestRequest = 16 << 20

  /// How it died, and what it was doing.
  package mutating func take(_ death: Death, _ backtrace: Backtrace) {
    switch death.reason {
    case .exited(let status): end = .exited(status: status)
    case .killed(let signal): end = .killed(signal: signal)
    }
    if let limit_ms = death.hungFor.map({ TimeLimit($0) })?.ms { end = .hung(limit_ms: limit_ms) }
    handler = death.handler
    hook = death.hook
    isInOtherThread = death.isInOtherThread
    function = backtrace.function ?? backtrace.frames.first
    frames = backtrace.frames
    let hasAddress = death.page.signal != 0 && death.page.fault_access != 0
    if hasAddress, death.page.sender == 0 { faultAddress = death.page.fault_address }
    // The supervisor's own, at a hang, is no news.
    if death.page.sender != 0, death.hungFor == nil { sender = death.page.sender }
    if let client = death.client {
      connection = client.connection
      peer = client.peer.description
    }
  }

  /// What the connection sent, if one is to blame. `hasRecord` says that the worker kept any.
  package mutating func takeInput(
    _ page: ck_page, hasRecord: Bool, byteCount: Int, read: ReadBuffers
  ) {
    guard let connection else { return }
    let isInHandle = page.hook == CK_HOOK_HANDLE.rawValue
    // A client may be new to the handler: then its first bytes wait for `on_open` to return.
    let isNew = page.hook == CK_HOOK_OPEN.rawValue
    let request =
      isInHandle || isNew
      ? Self.bytes(
        page.offset, page.length, of: byteCount, atMost: Self.largestRequest, read) ?? [] : []
    // A datagram may be empty.
    isInCall = isInHandle && (isDatagram || !request.isEmpty)
    if isDatagram || isNew {
      input = isInCall || !request.isEmpty ? [request] : []
      missingByteCount = 0
      return
    }
    input = request.isEmpty ? [] : [request]
    guard hasRecord,
      let bytes = Self.bytes(
        page.record_offset, page.record_length, of: byteCount, atMost: RecordedInput.largest, read),
      let record = RecordedInput(bytes, of: connection)
    else { return }
    let kept = record.calls.reduce(0) { $0 + $1.count }
    // A call larger than the record is there in full all the same.
    if kept >= request.count { input = record.calls }
    let known = UInt64(max(kept, request.count))
    missingByteCount = record.byteCount.map { $0 > known ? $0 - known : 0 }
  }

  private static func bytes(
    _ offset: UInt64, _ length: UInt64, of byteCount: Int, atMost most: Int, _ read: ReadBuffers
  ) -> [UInt8]? {
    guard length > 0, length <= UInt64(byteCount), offset <= UInt64(byteCount) - length else {
      return nil
    }
    return read(Int(offset), Int(min(length, UInt64(most))))
  }
}
