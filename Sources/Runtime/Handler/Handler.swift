// A loaded plugin: its functions and promises, copied out of its descriptor so that whatever the
// plugin does to its own memory later changes nothing here.

internal import CKernel
internal import CPortico

@safe struct Handler: Sendable {
  typealias Handle = @convention(c) (UnsafeRawPointer, Int, portico_reply) -> Int
  typealias OnOpen =
    @convention(c) (UnsafePointer<portico_info>, portico_reply) -> UnsafeMutableRawPointer?
  typealias Hook = @convention(c) (UnsafeMutableRawPointer?, portico_reply) -> Void
  typealias OnTimer = @convention(c) (UnsafeMutableRawPointer?, portico_reply?) -> Void
  typealias OnLoad =
    @convention(c) (UnsafePointer<portico_host>, UnsafeMutablePointer<CChar>, Int) -> Int32

  var name = ""
  var flags: UInt64 = 0
  var maxFrame: UInt64 = 0

  // SAFETY: code of an image that is never unloaded.
  var handle: Handle?
  var onLoad: OnLoad?
  var onOpen: OnOpen?
  var onGreet: Hook?
  var onEOF: Hook?
  var onWritable: Hook?
  var onTimer: OnTimer?
  var onDrain: Hook?
  var onClose: Hook?
  var onUnload: (@convention(c) () -> Void)?

  /// What a connection's handler may hear of through a hook of the one common shape.
  enum Event {
    case greet, eof, writable, drain
  }

  /// The hook for an event, and its name in the shared page; nil when the handler has none.
  func hook(for event: Event) -> (Hook, ck_hook)? {
    let (hook, name) =
      switch event {
      case .greet: unsafe (onGreet, CK_HOOK_GREET)
      case .eof: unsafe (onEOF, CK_HOOK_EOF)
      case .writable: unsafe (onWritable, CK_HOOK_WRITABLE)
      case .drain: unsafe (onDrain, CK_HOOK_DRAIN)
      }
    guard let hook = unsafe hook else { return nil }
    return unsafe (hook, name)
  }

  /// Does the handler want to hear of it?
  func hears(_ event: Event) -> Bool { unsafe hook(for: event) != nil }

  /// Uses a reply only during its call.
  var isInline: Bool { flags & 0x1 != 0 }
  /// Never uses a reply after `on_close`.
  var forgets: Bool { flags & 0x2 != 0 }
  /// Must a connection be told to the handler before its first byte?
  var opensAtAccept: Bool { hears(.greet) }

  /// The rule by which its replies' addresses may be issued again.
  func reissue(isStrict: Bool) -> ReplyTable.Reissue {
    if isStrict { return .never }
    if isInline { return .inertOutsideCall }
    return forgets ? .afterClose : .never
  }

  /// The promise that a misused reply breaks, for the log.
  var promise: String {
    if isInline { return "PORTICO_INLINE" }
    return forgets ? "PORTICO_FORGETS" : ""
  }
}
