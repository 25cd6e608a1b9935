// The one handler of this image, behind functions without type parameters: C functions cannot be
// generic and carry no context, so the trampolines of `Trampolines.swift` are fixed and come here.
// The closures are made where the handler's type is known (`describe`), capture nothing, and are
// specialised there, so a call costs no more than a call.

/// What can be called of the image's handler. `state` is what `open` returned, or nil.
@usableFromInline
@safe
struct Image {
  @usableFromInline typealias Hook = (UnsafeMutableRawPointer?, Reply) -> Void

  @usableFromInline var load: (Settings) throws -> Void
  @usableFromInline var receive: (UnsafeRawPointer, Int, Reply) -> Int
  @usableFromInline var open: (Reply) -> UnsafeMutableRawPointer?
  @usableFromInline var greet: Hook
  @usableFromInline var inputEnded: Hook
  @usableFromInline var writable: Hook
  @usableFromInline var timerFired: Hook
  @usableFromInline var workerTimerFired: () -> Void
  @usableFromInline var drain: Hook
  @usableFromInline var close: Hook
  @usableFromInline var unload: () -> Void

  @usableFromInline
  init(
    load: @escaping (Settings) throws -> Void,
    receive: @escaping (UnsafeRawPointer, Int, Reply) -> Int,
    open: @escaping (Reply) -> UnsafeMutableRawPointer?, greet: @escaping Hook,
    inputEnded: @escaping Hook, writable: @escaping Hook, timerFired: @escaping Hook,
    workerTimerFired: @escaping () -> Void, drain: @escaping Hook, close: @escaping Hook,
    unload: @escaping () -> Void
  ) {
    self.load = load
    unsafe self.receive = unsafe receive
    unsafe self.open = unsafe open
    unsafe self.greet = unsafe greet
    unsafe self.inputEnded = unsafe inputEnded
    unsafe self.writable = unsafe writable
    unsafe self.timerFired = unsafe timerFired
    self.workerTimerFired = workerTimerFired
    unsafe self.drain = unsafe drain
    unsafe self.close = unsafe close
    self.unload = unload
  }
}

/// Which hooks the handler has; the others stay NULL in the descriptor.
@usableFromInline
struct Hooks: OptionSet, Sendable {
  @usableFromInline let rawValue: UInt16
  @usableFromInline init(rawValue: UInt16) { self.rawValue = rawValue }

  @usableFromInline static let open = Hooks(rawValue: 1)
  @usableFromInline static let greet = Hooks(rawValue: 2)
  @usableFromInline static let inputEnded = Hooks(rawValue: 4)
  @usableFromInline static let writable = Hooks(rawValue: 8)
  @usableFromInline static let timer = Hooks(rawValue: 16)
  @usableFromInline static let drain = Hooks(rawValue: 32)
  @usableFromInline static let close = Hooks(rawValue: 64)
  @usableFromInline static let unload = Hooks(rawValue: 128)
}

// SAFETY: both are written once, before the host calls anything that needs them, into memory that
// is never freed; calls of the host do not overlap. Private for the reason that `Host` gives, and
// behind a pointer, since an optional of this size is copied whole to be looked at.
nonisolated(unsafe) private var theImage: UnsafeMutablePointer<Image>?
nonisolated(unsafe) private var theShared: UnsafeMutableRawPointer?

extension Image {
  /// What the C functions go to; nil before `portico_describe`.
  static var installed: UnsafeMutablePointer<Image>? { unsafe theImage }

  /// Makes it the one of this process.
  @usableFromInline
  func install() {
    let place = UnsafeMutablePointer<Image>.allocate(capacity: 1)
    unsafe place.initialize(to: self)
    unsafe theImage = unsafe place
  }

  /// What `load` returned, in memory of its type; nil before `on_load`.
  @usableFromInline
  static var shared: UnsafeMutableRawPointer? {
    get { unsafe theShared }
    set { unsafe theShared = unsafe newValue }
  }
}
