// The C functions that the host calls: `handle`, which every plugin built on the kit exports from
// here, and the hooks of the descriptor. They take what C passes, and go to the image's handler.

public import CPortico

/// What the host calls for bytes from a client.
///
/// The plugin's `portico_describe` has run before: the host always calls it first.
@c @implementation
public func handle(_ buffer: UnsafeRawPointer, _ len: Int, _ reply: portico_reply) -> Int {
  // SAFETY: the host passes what portico.h says.
  guard let image = unsafe Image.installed else { return -1 }
  return unsafe image.pointee.receive(buffer, len, Reply(reply))
}

/// Makes the descriptor.
@usableFromInline
enum Descriptor {
  @usableFromInline
  static func make(_ plugin: Plugin, hooks: Hooks) -> PluginDescriptor {
    var described = unsafe portico_descriptor()
    unsafe described.magic = PORTICO_MAGIC
    unsafe described.size = UInt32(MemoryLayout<portico_descriptor>.size)
    unsafe described.abi_major = UInt16(PORTICO_ABI_MAJOR)
    unsafe described.abi_minor = UInt16(PORTICO_ABI_MINOR)
    unsafe described.flags = plugin.promises.rawValue
    unsafe described.name = text(plugin.name)
    unsafe described.version = text(plugin.version)
    unsafe described.description = text(plugin.description)
    unsafe described.compiler = text(compiler)
    unsafe described.max_frame = plugin.maxFrame
    unsafe install(hooks, in: &described)
    let place = UnsafeMutablePointer<portico_descriptor>.allocate(capacity: 1)
    unsafe place.initialize(to: described)
    return unsafe UnsafePointer(place)
  }

  private static func install(_ hooks: Hooks, in described: inout portico_descriptor) {
    unsafe described.on_load = { unsafe Descriptor.load($0, $1, $2) }
    if hooks.contains(.open) {
      unsafe described.on_open = { unsafe Image.installed?.pointee.open(Reply($1)) }
    }
    if hooks.contains(.greet) {
      unsafe described.on_greet = { unsafe Image.installed?.pointee.greet($0, Reply($1)) }
    }
    if hooks.contains(.inputEnded) {
      unsafe described.on_eof = { unsafe Image.installed?.pointee.inputEnded($0, Reply($1)) }
    }
    if hooks.contains(.writable) {
      unsafe described.on_writable = { unsafe Image.installed?.pointee.writable($0, Reply($1)) }
    }
    if hooks.contains(.timer) {
      unsafe described.on_timer = { state, reply in
        if let reply = unsafe reply {
          unsafe Image.installed?.pointee.timerFired(state, Reply(reply))
        } else {
          unsafe Image.installed?.pointee.workerTimerFired()
        }
      }
    }
    if hooks.contains(.drain) {
      unsafe described.on_drain = { unsafe Image.installed?.pointee.drain($0, Reply($1)) }
    }
    if hooks.contains(.close) {
      unsafe described.on_close = { unsafe Image.installed?.pointee.close($0, Reply($1)) }
    }
    if hooks.contains(.unload) {
      unsafe described.on_unload = { unsafe Image.installed?.pointee.unload() }
    }
  }

  /// `on_load`: 0, or a reason in `error`.
  private static func load(
    _ host: UnsafePointer<portico_host>, _ error: UnsafeMutablePointer<CChar>, _ room: Int
  ) -> Int32 {
    unsafe Host.install(host)
    var length = 0
    // SAFETY: the host's bytes live as long as the process; they are copied all the same.
    let bytes = unsafe host.pointee.config(&length)
    let file = unsafe bytes.map {
      unsafe [UInt8](UnsafeRawBufferPointer(start: $0, count: length))
    }
    let settings = Settings(file: file) { key in
      unsafe Host.table.pointee.setting(key).map { unsafe String(cString: $0) }
    }
    do {
      try unsafe Image.installed?.pointee.load(settings)
      return 0
    } catch let refusal {
      unsafe write("\(refusal)", to: error, room)
      return 1
    }
  }

  /// One NUL-terminated line, cut to the room there is.
  private static func write(_ reason: String, to place: UnsafeMutablePointer<CChar>, _ room: Int) {
    var count = 0
    for byte in reason.utf8.prefix(room - 1) {
      unsafe place[count] = byte == UInt8(ascii: "\n") ? CChar(32) : CChar(bitPattern: byte)
      count += 1
    }
    unsafe place[count] = 0
  }

  /// For the life of the process; nil for an empty text.
  private static func text(_ text: String) -> UnsafePointer<CChar>? {
    if text.isEmpty { return nil }
    let bytes = Array(text.utf8)
    let place = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
    for (index, byte) in bytes.enumerated() { unsafe place[index] = CChar(bitPattern: byte) }
    unsafe place[bytes.count] = 0
    return unsafe UnsafePointer(place)
  }

  private static var compiler: String {
    #if compiler(>=6.5)
      "Swift after 6.4"
    #elseif compiler(>=6.4)
      "Swift 6.4"
    #else
      "Swift 6.3"
    #endif
  }
}
