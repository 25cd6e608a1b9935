// The host's services, as a test's clients have them.

internal import CPortico
internal import PorticoHandler

enum TestTable {
  /// From now on the kit talks to this host.
  static func install() { _ = installed }

  private static let installed: Void = {
    let table = UnsafeMutablePointer<portico_host>.allocate(capacity: 1)
    let version = UnsafeMutablePointer<CChar>.allocate(capacity: 5)
    for (place, byte) in (Array("test".utf8) + [0]).enumerated() {
      unsafe version[place] = CChar(byte)
    }
    // SAFETY: table and text are never freed; each function takes what portico.h says.
    unsafe table.initialize(
      to: portico_host(
        size: UInt32(MemoryLayout<portico_host>.size), abi_major: UInt16(PORTICO_ABI_MAJOR),
        abi_minor: UInt16(PORTICO_ABI_MINOR), version: version,
        info: { unsafe TestTable.info($0) }, setting: { _ in nil },
        config: { length in
          unsafe length.pointee = 0
          return nil
        },
        log: { unsafe TestTable.log($0, $1, $2, $3) }, log_enabled: { _ in 1 },
        state: { _ in nil }, pending: { $0(nil, 0) },
        need: { reply, total in
          unsafe TestTable.with(reply) { $0.needed = total }
        },
        pause: { reply, paused in unsafe TestTable.with(reply) { $0.isPaused = paused != 0 } },
        timer: { reply, milliseconds in
          guard let reply = unsafe reply else { return 0 }
          return unsafe TestTable.with(reply) { $0.setTimer(milliseconds) }
        }, abort: { reply in unsafe TestTable.with(reply) { $0.abort() } },
        extension: { _ in nil }, high_water: 256 << 10))
    unsafe Host.install(UnsafePointer(table))
  }()

  /// Does something with a stream that is still there.
  private static func with(_ reply: portico_reply, _ body: (Wire) -> Void) -> Int32 {
    guard let wire = unsafe ReplyPool.wire(reply), wire.isOpen else { return PORTICO_GONE }
    if wire.client.transport == .udp { return PORTICO_MISUSE }
    body(wire)
    return 0
  }

  private static func log(
    _ reply: portico_reply?, _ level: Int32, _ text: UnsafePointer<CChar>?, _ length: Int
  ) {
    guard let reply = unsafe reply, let wire = unsafe ReplyPool.wire(reply) else { return }
    let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
    wire.note(unsafe String(decoding: bytes, as: UTF8.self))
  }

  /// Made for this call; leaked, since a test makes few.
  private static func info(_ reply: portico_reply) -> UnsafePointer<portico_info>? {
    guard let wire = unsafe ReplyPool.wire(reply), wire.isOpen else { return nil }
    let info = UnsafeMutablePointer<portico_info>.allocate(capacity: 1)
    let client = wire.client
    unsafe info.initialize(
      to: portico_info(
        size: UInt32(MemoryLayout<portico_info>.size), transport: client.transport.rawValue,
        id: client.id, peer: text(client.peer), local: text(client.local),
        listener: text(client.listener),
        peer_address: (192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        local_address: (192, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        peer_port: client.peerPort, local_port: 7788, family: 4, reserved: 0))
    return unsafe UnsafePointer(info)
  }

  private static func text(_ text: String) -> UnsafePointer<CChar> {
    let bytes = Array(text.utf8CString)
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    unsafe place.initialize(from: bytes, count: bytes.count)
    return unsafe UnsafePointer(place)
  }
}
