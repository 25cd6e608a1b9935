// Promise: a worker has the operator's environment without what the loader would obey, with --user
// a short list of it, and what --env says.

import Control
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WorkerEnvironmentTests {
  private let own = [
    "PATH=/bin", "LANG=C", "TZ=UTC", "HOME=/root", "USER=root", "SECRET=x", "PORTICO_BACKEND=epoll",
    "LD_LIBRARY_PATH=/opt/lib", "SWIFT_BACKTRACE=color=no", "NOTIFY_SOCKET=/run/n",
  ]

  private func environment(
    _ user: Accounts.User? = nil, _ words: [EnvironmentWord] = []
  ) -> WorkerEnvironment {
    WorkerEnvironment(own: own, user: user, adding: words)
  }

  @Test func `Without a user it is Portico's, without the loader's and the service manager's`() {
    #expect(
      environment().entries == [
        "PATH=/bin", "LANG=C", "TZ=UTC", "HOME=/root", "USER=root", "SECRET=x",
        "PORTICO_BACKEND=epoll", "SWIFT_BACKTRACE=color=no",
      ])
  }

  @Test func `With a user it is a short list, and that user's own`() {
    let alice = Accounts.User(id: 1000, primaryGroup: 100, name: "alice", home: "/srv/alice")
    #expect(
      environment(alice).entries == [
        "PATH=/bin", "LANG=C", "TZ=UTC", "PORTICO_BACKEND=epoll", "HOME=/srv/alice", "USER=alice",
        "LOGNAME=alice",
      ])
    let nameless = Accounts.User(id: 4242, primaryGroup: 4242)
    #expect(environment(nameless).entries.suffix(2) == ["PORTICO_BACKEND=epoll", "HOME=/"])
  }

  @Test func `What was asked for is there, with its own value or with Portico's`() {
    let alice = Accounts.User(id: 1000, primaryGroup: 100)
    let entries = environment(
      alice,
      [
        .init(name: "SECRET", value: nil), .init(name: "LD_LIBRARY_PATH", value: nil),
        .init(name: "TZ", value: "CET"), .init(name: "EMPTY", value: ""),
        .init(name: "MISSING", value: nil),
      ]
    ).entries
    #expect(
      entries == [
        "PATH=/bin", "LANG=C", "PORTICO_BACKEND=epoll", "HOME=/", "SECRET=x",
        "LD_LIBRARY_PATH=/opt/lib", "TZ=CET", "EMPTY=",
      ])
  }

  @Test func `What the loader obeys waits until the user has changed`() {
    let words = [
      EnvironmentWord(name: "LD_LIBRARY_PATH", value: nil),
      .init(name: "LD_PRELOAD", value: "/x.so"),
      .init(name: "GLIBC_TUNABLES", value: "a"), .init(name: "COLOUR", value: "red"),
    ]
    let alice = Accounts.User(id: 1000, primaryGroup: 100, name: "alice")
    let changing = environment(alice, words)
    #expect(changing.forStart.allSatisfy { !$0.hasPrefix("LD_") && !$0.hasPrefix("GLIBC") })
    #expect(changing.forStart.contains("COLOUR=red"))
    #expect(
      changing.restored.map(\.name)
        == ["LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "SWIFT_BACKTRACE"])
    #expect(changing.restored.map(\.value) == ["/opt/lib", "/x.so", "a", nil])
    #expect(changing.libraryPath == "/opt/lib")
    // The same user anyway: there is nothing to gain.
    #expect(environment(nil, words).forStart.contains("LD_PRELOAD=/x.so"))
  }

  @Test func `For the start alone Swift must not stop at a debugger's prompt`() {
    let environment = environment()
    let started = environment.forStart.filter { $0.hasPrefix("SWIFT_B") }
    #expect(started == ["SWIFT_BACKTRACE=enable=no"])
    #expect(environment.restored.map(\.value) == ["color=no"])
    let plain = WorkerEnvironment(own: [], user: nil, adding: [])
    #expect(plain.forStart == ["SWIFT_BACKTRACE=enable=no"])
    #expect(plain.restored.map(\.name) == ["SWIFT_BACKTRACE"])
    #expect(plain.restored.map(\.value) == [nil])
  }
}
