// The descriptors that the worker itself works with. They are moved away from the numbers that a
// plugin closes by mistake, closed on exec, and looked at from time to time: a worker that has lost
// one is of no use any more, and what it wrote to it could reach a client.

internal import CKernel
internal import Control
internal import Kernel

struct OwnDescriptors {
  /// Files of libraries, such as libffi's, are looked for among so many numbers.
  static let reach: Int32 = 256

  private var known: [(kind: OwnDescriptor, identity: DescriptorIdentity)] = []

  /// Gives an inherited or new descriptor its place; the number that it has from now on.
  static func moveUp(_ fd: Int32) throws(SystemError) -> Int32 {
    Int32(try SystemError.check("fcntl", ck_move_up(fd, ck_own_descriptors())))
  }

  /// The same for a listener. There may be hundreds: the first places are left for the others.
  static func moveUpListener(_ fd: Int32) throws(SystemError) -> Int32 {
    Int32(try SystemError.check("fcntl", ck_move_up(fd, ck_own_descriptors() + 16)))
  }

  /// Runs `body` while every low number is taken, so that what it opens, in libraries too, gets a
  /// place among the worker's own: libffi keeps a file for closures, and uses it for more of them.
  static func takingLowNumbers<Result: ~Copyable>(
    _ body: () throws -> Result
  ) throws -> Result {
    var taken: [Int32] = []
    let end = ck_own_descriptors()
    while true {
      let next = ck_take_lowest(end)
      guard next >= 0 else { break }
      taken.append(next)
    }
    defer { for number in taken { _ = ck_close(number) } }
    return try body()
  }

  /// An epoll set with such a number.
  static func makeEpoll() throws(SystemError) -> Descriptor {
    let epoll = Int32(try SystemError.check("epoll_create1", ck_epoll_create()))
    return Descriptor(owning: try moveUp(epoll))
  }

  /// The kernel says that what the loop waits with is no epoll set, or no ring.
  @inline(never)
  static func loseEvents() { ck_end_without_events(OwnDescriptor.events.rawValue) }

  mutating func add(_ fd: Int32, _ kind: OwnDescriptor) {
    if let identity = DescriptorIdentity(of: fd) { known.append((kind, identity)) }
  }

  /// The first that is not any more what it was.
  var firstLost: (kind: OwnDescriptor, number: Int32)? {
    known.first { !$0.identity.isIntact }.map { ($0.kind, $0.identity.number) }
  }

  /// The kind of one that has this number.
  func kind(of fd: Int32) -> OwnDescriptor? { known.first { $0.identity.number == fd }?.kind }
}
