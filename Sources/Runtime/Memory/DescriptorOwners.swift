// Whose each descriptor of this process is, as far as the host knows: a connection's, or the
// worker's own. When the kernel gives out a number that has an owner, somebody else has closed it.
// C code reads the table too, in a child that the plugin has forked.

internal import CKernel
internal import Kernel

struct DescriptorOwners: ~Copyable {
  enum Owner: Equatable {
    case nobody
    case connection(row: Int)
    case worker
  }

  /// By number: 0 for nobody, or one more than the row.
  private let owners: FlatTable<UInt32>

  init() throws(SystemError) { owners = try FlatTable(capacity: Int(ck_descriptor_end())) }

  /// Numbers that no process has are those of clients in memory.
  @inline(__always)
  private func isKnown(_ fd: Int32) -> Bool { UInt32(bitPattern: fd) < UInt32(owners.capacity) }

  @inline(__always)
  func hasOwner(_ fd: Int32) -> Bool { isKnown(fd) && owners[Int(fd)] != 0 }

  func owner(of fd: Int32) -> Owner {
    guard isKnown(fd) else { return .nobody }
    switch owners[Int(fd)] {
    case 0: return .nobody
    case CK_OWNER_WORKER, CK_OWNER_SHARED: return .worker
    case let owner: return .connection(row: Int(owner) - 1)
    }
  }

  @inline(__always)
  func give(_ fd: Int32, toRow row: Int) {
    if isKnown(fd) { owners[Int(fd)] = UInt32(truncatingIfNeeded: row + 1) }
  }

  /// Nothing when it belongs to somebody else by now.
  @inline(__always)
  func takeBack(_ fd: Int32, fromRow row: Int) {
    if isKnown(fd), owners[Int(fd)] == UInt32(truncatingIfNeeded: row + 1) { owners[Int(fd)] = 0 }
  }

  /// One of the worker's own; a child that the plugin forks may keep it if it `isShared`.
  func giveToWorker(_ fd: Int32, isShared: Bool = false) {
    if isKnown(fd) { owners[Int(fd)] = isShared ? CK_OWNER_SHARED : CK_OWNER_WORKER }
  }

  /// From here on a child that the plugin forks has none of them, and `thread` is 0 in it. The
  /// table must live as long as the process.
  func guardForks(clearing thread: UnsafeMutablePointer<UInt>) throws(SystemError) {
    // SAFETY: the table lies in a mapping that is never undone; `thread` is immortal.
    try SystemError.check(
      "pthread_atfork",
      unsafe ck_guard_forks(UnsafePointer(owners.address(of: 0)), owners.capacity, thread))
  }
}
