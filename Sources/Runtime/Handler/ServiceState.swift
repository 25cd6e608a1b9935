// What the host services hand out: texts and structs that must lie still while the handler reads
// them.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

@safe struct ServiceState: ~Copyable {
  // SAFETY: never freed; overwritten by the next call that asks.
  private let info: UnsafeMutablePointer<portico_info>
  private let peerText: UnsafeMutablePointer<CChar>
  private let localText: UnsafeMutablePointer<CChar>
  /// NUL-terminated, for the life of the process.
  private var listeners: [UnsafeMutablePointer<CChar>] = unsafe []
  private(set) var settings: [String: UnsafeMutablePointer<CChar>] = unsafe [:]
  /// Keys in the order in which the handler asked for them.
  var asked: [String] = []
  private(set) var config: UnsafeRawBufferPointer?
  /// Where a client without a socket is told that it has connected to.
  var localWithoutSocket = Endpoint.none

  init() {
    unsafe info = .allocate(capacity: 1)
    unsafe peerText = .allocate(capacity: Endpoint.textCapacity)
    unsafe localText = .allocate(capacity: Endpoint.textCapacity)
  }

  /// Copies what the configuration says to memory that outlives every call.
  mutating func prepare(_ configuration: WorkerConfiguration) {
    unsafe listeners = configuration.listeners.map { unsafe Self.immortal($0) }
    for setting in configuration.settings {
      unsafe settings[setting.key] = Self.immortal(setting.value)
    }
    if let bytes = configuration.handlerConfig {
      // One more than the file has: a NUL, so that C may read it as text.
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 16)
      unsafe copy.copyBytes(from: bytes)
      unsafe copy[bytes.count] = 0
      unsafe config = UnsafeRawBufferPointer(rebasing: copy.prefix(bytes.count))
    }
  }

  private static func immortal(_ text: String) -> UnsafeMutablePointer<CChar> {
    let bytes = Array(text.utf8)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { unsafe copy[index] = CChar(bitPattern: byte) }
    unsafe copy[bytes.count] = 0
    return unsafe copy
  }

  /// Everything `portico_info` says of a connection; valid until the next call of this.
  func describe(_ row: Int, in core: borrowing Core) -> UnsafePointer<portico_info> {
    let connection = core.connections[row]
    let peer = core.peer(row)
    let transport = core.configuration.transport(ofListener: connection.listener)
    var local = (try? Endpoint.local(of: connection.fd)) ?? localWithoutSocket
    if row == core.connections.datagramRow, core.datagram.path.local.family != 0 {
      // The address that the client wrote to; the socket's own may stand for any.
      let port = local.port
      local = core.datagram.path.local
      local.port = port
    }
    unsafe peer.write(to: peerText)
    unsafe local.write(to: localText)
    let described = unsafe portico_info(
      size: UInt32(MemoryLayout<portico_info>.size), transport: UInt32(transport.rawValue),
      id: connection.id, peer: UnsafePointer(peerText), local: UnsafePointer(localText),
      listener: UnsafePointer(listeners[Int(connection.listener)]),
      peer_address: peer.address, local_address: local.address,
      peer_port: peer.port, local_port: local.port,
      family: transport == .unix ? 0 : peer.family,
      reserved: 0)
    unsafe info.initialize(to: described)
    return unsafe UnsafePointer(info)
  }
}
