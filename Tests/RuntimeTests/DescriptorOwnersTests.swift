// Whose a descriptor is, and what happens to a number that has two.

internal import CKernel
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

/// Copyable, for the macros of tests.
private struct Table {
  private let owners: Immortal<DescriptorOwners>

  init(_ owners: consuming DescriptorOwners) { self.owners = Immortal(owners) }

  func hasOwner(_ fd: Int32) -> Bool { owners.value.hasOwner(fd) }
  func owner(of fd: Int32) -> DescriptorOwners.Owner { owners.value.owner(of: fd) }
  func give(_ fd: Int32, toRow row: Int) { owners.value.give(fd, toRow: row) }
  func takeBack(_ fd: Int32, fromRow row: Int) { owners.value.takeBack(fd, fromRow: row) }
  func giveToWorker(_ fd: Int32) { owners.value.giveToWorker(fd) }
}

@Suite(.timeLimit(.minutes(3)))
struct DescriptorOwnersTests {
  @Test func `A number belongs to who got it last, and only that one gives it back`() throws {
    let owners = Table(try DescriptorOwners())
    #expect(!owners.hasOwner(7) && owners.owner(of: 7) == .nobody)
    owners.give(7, toRow: 0)
    #expect(owners.hasOwner(7) && owners.owner(of: 7) == .connection(row: 0))
    owners.give(7, toRow: 5)
    owners.takeBack(7, fromRow: 0)
    #expect(owners.owner(of: 7) == .connection(row: 5))
    owners.takeBack(7, fromRow: 5)
    #expect(!owners.hasOwner(7))
    owners.giveToWorker(8)
    #expect(owners.owner(of: 8) == .worker)
    owners.takeBack(8, fromRow: 8)
    #expect(owners.owner(of: 8) == .worker)
  }

  @Test(arguments: [Int32(-1), .min, .max, 1 << 20, (1 << 20) + 3])
  func `Numbers that no process has are nobody's`(number: Int32) throws {
    let owners = Table(try DescriptorOwners())
    owners.give(number, toRow: 3)
    owners.takeBack(number, fromRow: 3)
    owners.giveToWorker(number)
    #expect(!owners.hasOwner(number) && owners.owner(of: number) == .nobody)
  }

  @Test func `A descriptor is intact until its number stands for another file`() throws {
    let one = try Files.openNothing()
    let identity = try #require(DescriptorIdentity(of: one.rawValue))
    #expect(identity.isIntact)
    let other = try MemoryFile(name: "other", byteCount: 4096)
    let copy = dup2(other.descriptor.rawValue, one.rawValue)
    #expect(copy == one.rawValue)
    #expect(!identity.isIntact)
    #expect(DescriptorIdentity(of: -1) == nil)
    #expect(DescriptorIdentity(of: 1 << 25) == nil)
  }

  @Test func `Every descriptor is looked at, a slice at a time`() {
    var audit = DescriptorAudit()
    var seen: [Int] = []
    for _ in 0..<5 {
      let slice = audit.nextSlice(of: 1000)
      seen += slice.rows
      if slice.isLast { break }
    }
    #expect(seen == Array(0..<1000))
    // The table may have shrunk between two slices, or be empty.
    _ = audit.nextSlice(of: 1000)
    #expect(audit.nextSlice(of: 10).isLast)
    let empty = audit.nextSlice(of: 0)
    #expect(empty.rows.isEmpty && empty.isLast)
  }
}
