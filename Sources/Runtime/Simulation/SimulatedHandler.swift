// The handler under test as the loop sees it: C functions, as of a loaded plugin. C functions carry
// no context, so the world is found through one name, set before the first schedule.

internal import CKernel
internal import CPortico

/// SAFETY: set once, on the one thread of a simulation, to a value that is never freed.
nonisolated(unsafe) private var theWorld: Immortal<World>?

enum SimulatedHandler {
  static func prepare(_ world: Immortal<World>) { unsafe theWorld = world }

  /// A handler that behaves as planned.
  static func make(_ plan: HandlerPlan) -> Handler {
    var handler = Handler()
    handler.name = "simulated"
    handler.flags = plan.flags
    handler.maxFrame = plan.maxFrame
    unsafe handler.handle = { bytes, count, reply in
      unsafe theWorld.unsafelyUnwrapped.value.handle(bytes, count, reply)
    }
    let hooks = plan.hooks
    if hooks.contains(.open) {
      unsafe handler.onOpen = { info, reply in
        unsafe theWorld.unsafelyUnwrapped.value.open(info, reply)
      }
    }
    if hooks.contains(.greet) { unsafe handler.onGreet = { unsafe hear(.greet, $0, $1) } }
    if hooks.contains(.eof) { unsafe handler.onEOF = { unsafe hear(.eof, $0, $1) } }
    if hooks.contains(.writable) { unsafe handler.onWritable = { unsafe hear(.writable, $0, $1) } }
    if hooks.contains(.drain) { unsafe handler.onDrain = { unsafe hear(.drain, $0, $1) } }
    if hooks.contains(.close) { unsafe handler.onClose = { unsafe hear(.close, $0, $1) } }
    if hooks.contains(.timer) {
      unsafe handler.onTimer = { state, reply in
        if let reply = unsafe reply {
          unsafe hear(.timer, state, reply)
        } else {
          unsafe theWorld.unsafelyUnwrapped.value.workerTimer()
        }
      }
    }
    if hooks.contains(.unload) {
      handler.onUnload = { unsafe theWorld.unsafelyUnwrapped.value.unload() }
    }
    return handler
  }

  /// A function of the handler, by its name in the ABI.
  enum Call: String {
    case handle
    case open = "on_open"
    case greet = "on_greet"
    case eof = "on_eof"
    case writable = "on_writable"
    case timer = "on_timer"
    case drain = "on_drain"
    case close = "on_close"
  }
}

private func hear(
  _ call: SimulatedHandler.Call, _ state: UnsafeMutableRawPointer?, _ reply: portico_reply
) {
  unsafe theWorld.unsafelyUnwrapped.value.hear(call, UInt(bitPattern: state), reply)
}
