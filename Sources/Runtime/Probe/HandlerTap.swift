// Stands between the loop and the handler's functions in a probe, so that the worker's own path
// stays as it is: measures every call, remembers what `handle` answered, and gives it each request
// between pages that cannot be touched, if that is wanted. C functions carry no context, so the tap
// is found through one name.

internal import CKernel
internal import CPortico

/// SAFETY: set once, before the first call, to a value that is never freed; one thread uses it.
nonisolated(unsafe) private var theTap: Immortal<HandlerTap>?

@safe struct HandlerTap: ~Copyable {
  /// As the plugin has them.
  private let handler: Handler
  private let page: SharedPage
  /// Where requests are put; nil leaves them in the host's buffers.
  var guarded: GuardedRequest?

  /// Calls of `handle`, and the time in them.
  var calls: UInt64 = 0
  var total_ns: UInt64 = 0
  /// The longest call of any function, which it was, and the case that was being played.
  private(set) var slowest_ns: UInt64 = 0
  private(set) var slowestHook = ""
  private(set) var slowestCase: UInt32 = 0
  /// The last answer of `handle` below 0.
  private(set) var refusal = 0
  /// It once answered more than it was given: a sentence about that.
  var misbehaviour: String?

  private init(handler: Handler, page: SharedPage) {
    self.handler = handler
    self.page = page
  }

  /// Puts itself in place of the handler's functions.
  static func install(in core: Immortal<Core>) -> Immortal<HandlerTap> {
    let tap = Immortal(HandlerTap(handler: core.value.handler, page: core.value.page))
    unsafe theTap = tap
    let given = core.value.handler
    unsafe core.value.handler.handle = { unsafe theTap.unsafelyUnwrapped.value.handle($0, $1, $2) }
    if unsafe given.onOpen != nil {
      unsafe core.value.handler.onOpen = { unsafe theTap.unsafelyUnwrapped.value.open($0, $1) }
    }
    if unsafe given.onTimer != nil {
      unsafe core.value.handler.onTimer = { unsafe theTap.unsafelyUnwrapped.value.timer($0, $1) }
    }
    if unsafe given.onGreet != nil {
      unsafe core.value.handler.onGreet = {
        unsafe theTap.unsafelyUnwrapped.value.hear("on_greet", \.onGreet, $0, $1)
      }
    }
    if unsafe given.onEOF != nil {
      unsafe core.value.handler.onEOF = {
        unsafe theTap.unsafelyUnwrapped.value.hear("on_eof", \.onEOF, $0, $1)
      }
    }
    if unsafe given.onWritable != nil {
      unsafe core.value.handler.onWritable = {
        unsafe theTap.unsafelyUnwrapped.value.hear("on_writable", \.onWritable, $0, $1)
      }
    }
    if unsafe given.onDrain != nil {
      unsafe core.value.handler.onDrain = {
        unsafe theTap.unsafelyUnwrapped.value.hear("on_drain", \.onDrain, $0, $1)
      }
    }
    if unsafe given.onClose != nil {
      unsafe core.value.handler.onClose = {
        unsafe theTap.unsafelyUnwrapped.value.hear("on_close", \.onClose, $0, $1)
      }
    }
    return tap
  }

  private mutating func note(_ hook: StaticString, since began_ns: UInt64) -> UInt64 {
    let took_ns = ck_monotonic_ns() - began_ns
    if took_ns > slowest_ns {
      slowest_ns = took_ns
      slowestHook = "\(hook)"
      slowestCase = page.value.probe_case
    }
    return took_ns
  }

  private mutating func handle(
    _ bytes: UnsafeRawPointer, _ count: Int, _ reply: portico_reply
  ) -> Int {
    let shown = unsafe guarded?.place(bytes, count) ?? bytes
    page.value.probe_request = UInt64(UInt(bitPattern: shown))
    page.value.probe_length = UInt64(count)
    let began_ns = ck_monotonic_ns()
    // SAFETY: the plugin's own function, with a request that lives until it returns.
    let answer = unsafe handler.handle.unsafelyUnwrapped(shown, count, reply)
    total_ns += note("handle", since: began_ns)
    page.value.probe_request = 0
    calls += 1
    if answer < 0 { refusal = answer }
    if answer > count, misbehaviour == nil {
      misbehaviour = "handle returned \(answer) for \(count) bytes"
    }
    return answer
  }

  private mutating func open(
    _ info: UnsafePointer<portico_info>, _ reply: portico_reply
  ) -> UnsafeMutableRawPointer? {
    let began_ns = ck_monotonic_ns()
    let state = unsafe handler.onOpen.unsafelyUnwrapped(info, reply)
    _ = note("on_open", since: began_ns)
    return unsafe state
  }

  private mutating func timer(_ state: UnsafeMutableRawPointer?, _ reply: portico_reply?) {
    let began_ns = ck_monotonic_ns()
    unsafe handler.onTimer.unsafelyUnwrapped(state, reply)
    _ = note("on_timer", since: began_ns)
  }

  private mutating func hear(
    _ name: StaticString, _ hook: KeyPath<Handler, Handler.Hook?>,
    _ state: UnsafeMutableRawPointer?, _ reply: portico_reply
  ) {
    let began_ns = ck_monotonic_ns()
    unsafe handler[keyPath: hook].unsafelyUnwrapped(state, reply)
    _ = note(name, since: began_ns)
  }
}
