// Promise: --user and --group mean who they name, and nobody but root may name somebody else.

import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerAccountTests {
  /// alice is 1000 with group 100; there is a group `www` with number 33.
  private func resolve(
    _ user: String?, _ group: String?, as current: (user: UInt32, group: UInt32) = (0, 0)
  ) throws(StartFailure) -> WorkerAccount {
    try WorkerAccount.resolve(
      user: user, group: group,
      in: .init(
        userNamed: { $0 == "alice" ? .init(id: 1000, primaryGroup: 100) : nil },
        userWithID: { $0 == 1000 ? .init(id: 1000, primaryGroup: 100) : nil },
        groupNamed: { $0 == "www" ? 33 : nil }, current: current))
  }

  @Test("Without a group it is the user's first one, for a number that has no name the number")
  func users() throws {
    #expect(try resolve(nil, nil) == WorkerAccount())
    #expect(try resolve("alice", nil) == WorkerAccount(userID: 1000, groupID: 100))
    #expect(try resolve("1000", nil) == WorkerAccount(userID: 1000, groupID: 100))
    #expect(try resolve("4242", nil) == WorkerAccount(userID: 4242, groupID: 4242))
    #expect(try resolve("0", nil) == WorkerAccount(userID: 0, groupID: 0))
  }

  @Test("A group can be given with a user or alone, by name or by number")
  func groups() throws {
    #expect(try resolve("alice", "www") == WorkerAccount(userID: 1000, groupID: 33))
    #expect(try resolve(nil, "www") == WorkerAccount(userID: nil, groupID: 33))
    #expect(try resolve(nil, "7") == WorkerAccount(userID: nil, groupID: 7))
  }

  @Test("Names that nobody has are refused, and so is the number that means nobody")
  func unknown() {
    for (user, group) in [
      ("bob", nil), (nil, "bobs"), ("", nil), ("4294967295", nil), ("-1", nil),
    ] as [(String?, String?)] {
      #expect(throws: StartFailure.self) { try resolve(user, group) }
    }
    #expect(throws: StartFailure("there is no user bob, which --user names")) {
      try resolve("bob", nil)
    }
  }

  @Test("Who is not root may name itself, and changes nothing by it")
  func notRoot() throws {
    let alice: (user: UInt32, group: UInt32) = (1000, 100)
    for (user, group) in [
      ("alice", nil), ("1000", "100"), (nil, "100"), (nil, nil),
    ] as [(String?, String?)] {
      #expect(try resolve(user, group, as: alice) == WorkerAccount())
    }
    for (user, group) in [("0", nil), ("alice", "www"), (nil, "www")] as [(String?, String?)] {
      do {
        _ = try resolve(user, group, as: alice)
        Issue.record("\(user ?? "-") \(group ?? "-") was taken")
      } catch {
        #expect(error.description.contains("only root"))
      }
    }
  }

  @Test("The machine's own accounts are found")
  func machine() throws {
    let root = Accounts.User(id: 0, primaryGroup: 0, name: "root", home: "/root")
    #expect(try Accounts.user(named: "root") == root)
    #expect(try Accounts.user(id: 0)?.id == 0)
    #expect(try Accounts.group(named: "root") == 0)
    #expect(try Accounts.user(named: "no such user") == nil)
    #expect(try Accounts.group(named: "no such group") == nil)
  }
}
