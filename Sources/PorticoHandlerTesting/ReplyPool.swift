// C functions that carry a place in a table: a reply has no other context, and a test's process has
// no libffi. Each is one client's while it is there; the one that has been free for longest is
// taken next, so that a reply that was kept for too long does not reach somebody else soon.

internal import CPortico
internal import Synchronization

enum ReplyPool {
  private struct Table {
    var wires: [Wire?] = Array(repeating: nil, count: ReplyPool.count)
    var free = Array(0..<ReplyPool.count)
  }

  private static let count = 64
  private static let table = Mutex(Table())

  static func take() -> Int? {
    table.withLock { $0.free.isEmpty ? nil : $0.free.removeFirst() }
  }

  static func bind(_ wire: Wire, to place: Int) { table.withLock { $0.wires[place] = wire } }

  static func give(_ place: Int) {
    table.withLock { table in
      table.wires[place] = nil
      table.free.append(place)
    }
  }

  /// Who has a place now.
  static func wire(_ place: Int) -> Wire? { table.withLock { $0.wires[place] } }

  /// Who is meant by a reply.
  static func wire(_ reply: portico_reply) -> Wire? {
    // SAFETY: only the address is looked at.
    let code = unsafe unsafeBitCast(reply, to: UInt.self)
    return places[code].flatMap { wire($0) }
  }

  private static let places: [UInt: Int] = {
    var places: [UInt: Int] = [:]
    for place in 0..<count {
      places[unsafe unsafeBitCast(functions[place], to: UInt.self)] = place
    }
    return places
  }()

  private static func answer(_ place: Int, _ data: UnsafeRawPointer?, _ length: Int) -> Int64 {
    guard let wire = wire(place) else { return Int64(PORTICO_GONE) }
    // PORTICO_FINISH, which Swift does not import.
    if length == -1 { return unsafe data == nil ? wire.answer(nil) : Int64(PORTICO_TOO_BIG) }
    if length < 0 { return Int64(PORTICO_TOO_BIG) }
    if length > 0, unsafe data == nil { return Int64(PORTICO_MISUSE) }
    // SAFETY: the handler's bytes are valid during this call.
    return unsafe wire.answer([UInt8](UnsafeRawBufferPointer(start: data, count: length)))
  }

  static let functions: [portico_reply] = unsafe [
    { unsafe ReplyPool.answer(0, $0, $1) },
    { unsafe ReplyPool.answer(1, $0, $1) },
    { unsafe ReplyPool.answer(2, $0, $1) },
    { unsafe ReplyPool.answer(3, $0, $1) },
    { unsafe ReplyPool.answer(4, $0, $1) },
    { unsafe ReplyPool.answer(5, $0, $1) },
    { unsafe ReplyPool.answer(6, $0, $1) },
    { unsafe ReplyPool.answer(7, $0, $1) },
    { unsafe ReplyPool.answer(8, $0, $1) },
    { unsafe ReplyPool.answer(9, $0, $1) },
    { unsafe ReplyPool.answer(10, $0, $1) },
    { unsafe ReplyPool.answer(11, $0, $1) },
    { unsafe ReplyPool.answer(12, $0, $1) },
    { unsafe ReplyPool.answer(13, $0, $1) },
    { unsafe ReplyPool.answer(14, $0, $1) },
    { unsafe ReplyPool.answer(15, $0, $1) },
    { unsafe ReplyPool.answer(16, $0, $1) },
    { unsafe ReplyPool.answer(17, $0, $1) },
    { unsafe ReplyPool.answer(18, $0, $1) },
    { unsafe ReplyPool.answer(19, $0, $1) },
    { unsafe ReplyPool.answer(20, $0, $1) },
    { unsafe ReplyPool.answer(21, $0, $1) },
    { unsafe ReplyPool.answer(22, $0, $1) },
    { unsafe ReplyPool.answer(23, $0, $1) },
    { unsafe ReplyPool.answer(24, $0, $1) },
    { unsafe ReplyPool.answer(25, $0, $1) },
    { unsafe ReplyPool.answer(26, $0, $1) },
    { unsafe ReplyPool.answer(27, $0, $1) },
    { unsafe ReplyPool.answer(28, $0, $1) },
    { unsafe ReplyPool.answer(29, $0, $1) },
    { unsafe ReplyPool.answer(30, $0, $1) },
    { unsafe ReplyPool.answer(31, $0, $1) },
    { unsafe ReplyPool.answer(32, $0, $1) },
    { unsafe ReplyPool.answer(33, $0, $1) },
    { unsafe ReplyPool.answer(34, $0, $1) },
    { unsafe ReplyPool.answer(35, $0, $1) },
    { unsafe ReplyPool.answer(36, $0, $1) },
    { unsafe ReplyPool.answer(37, $0, $1) },
    { unsafe ReplyPool.answer(38, $0, $1) },
    { unsafe ReplyPool.answer(39, $0, $1) },
    { unsafe ReplyPool.answer(40, $0, $1) },
    { unsafe ReplyPool.answer(41, $0, $1) },
    { unsafe ReplyPool.answer(42, $0, $1) },
    { unsafe ReplyPool.answer(43, $0, $1) },
    { unsafe ReplyPool.answer(44, $0, $1) },
    { unsafe ReplyPool.answer(45, $0, $1) },
    { unsafe ReplyPool.answer(46, $0, $1) },
    { unsafe ReplyPool.answer(47, $0, $1) },
    { unsafe ReplyPool.answer(48, $0, $1) },
    { unsafe ReplyPool.answer(49, $0, $1) },
    { unsafe ReplyPool.answer(50, $0, $1) },
    { unsafe ReplyPool.answer(51, $0, $1) },
    { unsafe ReplyPool.answer(52, $0, $1) },
    { unsafe ReplyPool.answer(53, $0, $1) },
    { unsafe ReplyPool.answer(54, $0, $1) },
    { unsafe ReplyPool.answer(55, $0, $1) },
    { unsafe ReplyPool.answer(56, $0, $1) },
    { unsafe ReplyPool.answer(57, $0, $1) },
    { unsafe ReplyPool.answer(58, $0, $1) },
    { unsafe ReplyPool.answer(59, $0, $1) },
    { unsafe ReplyPool.answer(60, $0, $1) },
    { unsafe ReplyPool.answer(61, $0, $1) },
    { unsafe ReplyPool.answer(62, $0, $1) },
    { unsafe ReplyPool.answer(63, $0, $1) },
  ]
}
