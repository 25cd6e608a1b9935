// From a handler's type to an image and a descriptor. Everything here that runs for a request is
// inlined into the plugin, where the type is known.

public import CPortico

/// What a plugin's `portico_describe` returns.
public typealias PluginDescriptor = UnsafePointer<portico_descriptor>

/// Makes a handler the one that this plugin serves. The last line of a plugin:
///
///     @c public func portico_describe() -> PluginDescriptor { describe(Greeter.self) }
///
/// Called by the host once, before everything else.
@inlinable
public func describe<H: Handler>(_ type: H.Type) -> PluginDescriptor {
  let image = unsafe Image(
    load: { settings in
      let shared = try H.load(settings)
      let place = UnsafeMutablePointer<H.Shared>.allocate(capacity: 1)
      unsafe place.initialize(to: shared)
      unsafe Image.shared = UnsafeMutableRawPointer(place)
    },
    receive: { start, count, reply in
      // SAFETY: the host's bytes are valid until this returns.
      let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
      do {
        if MemoryLayout<H>.size == 0 {
          var handler = H(sharedState(of: H.self))
          return try handler.receive(bytes, reply)
        }
        if let state = unsafe Host.table.pointee.state(reply.function) {
          return try unsafe state.assumingMemoryBound(to: H.self).pointee.receive(bytes, reply)
        }
        // A datagram.
        var handler = H(sharedState(of: H.self))
        return try handler.receive(bytes, reply)
      } catch {
        logFailure(error, reply)
        return -1
      }
    },
    open: { reply in unsafe openState(of: H.self, reply) },
    greet: { state, reply in unsafe call(H.self, state, reply) { _ = try $0.greet(reply) } },
    inputEnded: { state, reply in
      unsafe call(H.self, state, reply) { _ = try $0.inputEnded(reply) }
    },
    writable: { state, reply in unsafe call(H.self, state, reply) { _ = try $0.writable(reply) } },
    timerFired: { state, reply in
      unsafe call(H.self, state, reply) { _ = try $0.timerFired(reply) }
    },
    workerTimerFired: {
      do {
        _ = try H.workerTimerFired(sharedState(of: H.self))
      } catch {
        Log.write(.error, "\(error)")
      }
    },
    drain: { state, reply in unsafe call(H.self, state, reply) { _ = try $0.draining(reply) } },
    close: { state, reply in unsafe closeState(of: H.self, state, reply) },
    unload: { _ = H.unload(sharedState(of: H.self)) })
  image.install()
  return unsafe Descriptor.make(H.plugin, hooks: hooks(of: H.self))
}

/// Makes an `async` handler the one that this plugin serves.
public func describe<H: AsyncHandler>(_ type: H.Type) -> PluginDescriptor {
  unsafe describe(AsyncBridge<H>.self)
}

/// Which of the optional methods a handler has.
@inlinable
func hooks<H: Handler>(of type: H.Type) -> Hooks {
  var hooks: Hooks = []
  let hasState = MemoryLayout<H>.size > 0
  if hasState || H.Opening.self != Unheard.self { hooks.insert(.open) }
  if hasState || H.Closing.self != Unheard.self { hooks.insert(.close) }
  if H.Greeting.self != Unheard.self { hooks.insert(.greet) }
  if H.InputEnd.self != Unheard.self { hooks.insert(.inputEnded) }
  if H.Writability.self != Unheard.self { hooks.insert(.writable) }
  if H.TimerEvent.self != Unheard.self { hooks.insert(.timer) }
  if H.WorkerTimerEvent.self != Unheard.self { hooks.insert(.timer) }
  if H.Drain.self != Unheard.self { hooks.insert(.drain) }
  if H.Unloading.self != Unheard.self { hooks.insert(.unload) }
  return hooks
}

/// What `load` returned.
@inlinable
func sharedState<H: Handler>(of type: H.Type) -> H.Shared {
  // SAFETY: `on_load` came before every call that asks, and left a value of this type.
  unsafe Image.shared.unsafelyUnwrapped.assumingMemoryBound(to: H.Shared.self).pointee
}

/// A connection's state in memory of its own, from a pool; nil for a handler that has none.
@inlinable
func openState<H: Handler>(of type: H.Type, _ reply: Reply) -> UnsafeMutableRawPointer? {
  var state: UnsafeMutablePointer<H>?
  var handler = H(sharedState(of: H.self))
  if H.Opening.self != Unheard.self {
    do {
      _ = try handler.opened(reply)
    } catch {
      logFailure(error, reply)
      reply.finish()
    }
  }
  if MemoryLayout<H>.size > 0 {
    unsafe state = StatePool.take(MemoryLayout<H>.stride, alignment: MemoryLayout<H>.alignment)
      .bindMemory(to: H.self, capacity: 1)
    unsafe state?.initialize(to: handler)
  }
  return UnsafeMutableRawPointer(state)
}

/// The end of what `openState` began.
@inlinable
func closeState<H: Handler>(of type: H.Type, _ state: UnsafeMutableRawPointer?, _ reply: Reply) {
  guard let state = unsafe state else {
    var handler = H(sharedState(of: H.self))
    _ = handler.closed(LaterReply(reply))
    return
  }
  // SAFETY: made by `openState`, and the host calls once for each.
  let place = unsafe state.assumingMemoryBound(to: H.self)
  if H.Closing.self != Unheard.self { _ = unsafe place.pointee.closed(LaterReply(reply)) }
  unsafe place.deinitialize(count: 1)
  unsafe StatePool.give(
    state, MemoryLayout<H>.stride, alignment: MemoryLayout<H>.alignment)
}

/// Calls a hook on a connection's state. An error ends the connection.
@inlinable
func call<H: Handler>(
  _ type: H.Type, _ state: UnsafeMutableRawPointer?, _ reply: Reply,
  _ body: (inout H) throws -> Void
) {
  do {
    if let state = unsafe state {
      // SAFETY: made by `openState`; calls for one connection never overlap.
      try unsafe body(&state.assumingMemoryBound(to: H.self).pointee)
    } else {
      var handler = H(sharedState(of: H.self))
      try body(&handler)
    }
  } catch {
    logFailure(error, reply)
    reply.finish()
  }
}

/// Logs what a handler has thrown.
@usableFromInline
@inline(never)
func logFailure(_ error: any Error, _ reply: Reply) { reply.log(.warning, "\(error)") }
