// The host's table of services, as it arrived in `on_load`. One for each process; whoever uses it
// before that finds a table whose functions do nothing.

public import CPortico

// SAFETY: written once, in `on_load`, before any thread of the plugin can be there; the host's
// table lives as long as the process. Private, so that the compiler sees that no two accesses can
// conflict, and does not have the runtime look at each.
nonisolated(unsafe) private var theHost: UnsafePointer<portico_host>?

/// The host that this plugin runs in.
public enum Host {
  @usableFromInline
  package static var table: UnsafePointer<portico_host> {
    if let host = unsafe theHost { return unsafe host }
    return unsafe absentTable
  }

  /// From now on the kit talks to this host.
  package static func install(_ table: UnsafePointer<portico_host>) {
    unsafe theHost = unsafe table
  }

  /// The version of the host, such as `0.1.0`; empty before `Handler.load(_:)`.
  public static var version: String { unsafe String(cString: table.pointee.version) }

  /// A host that is not there.
  nonisolated(unsafe) private static let absentTable: UnsafePointer<portico_host> = {
    let table = UnsafeMutablePointer<portico_host>.allocate(capacity: 1)
    let empty = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    unsafe empty.pointee = 0
    unsafe table.initialize(
      to: portico_host(
        size: UInt32(MemoryLayout<portico_host>.size), abi_major: UInt16(PORTICO_ABI_MAJOR),
        abi_minor: UInt16(PORTICO_ABI_MINOR), version: empty, info: { _ in nil },
        setting: { _ in nil },
        config: { length in
          unsafe length.pointee = 0
          return nil
        }, log: { _, _, _, _ in }, log_enabled: { _ in 0 }, state: { _ in nil },
        pending: { _ in Int64(PORTICO_GONE) }, need: { _, _ in PORTICO_GONE },
        pause: { _, _ in PORTICO_GONE }, timer: { _, _ in PORTICO_GONE },
        abort: { _ in PORTICO_GONE }, extension: { _ in nil }, high_water: 256 << 10))
    return unsafe UnsafePointer(table)
  }()
}
