// Promise: systemd knows when Portico serves, reloads and ends, and that its loop turns; who does
// not listen harms nothing.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ServiceNoticeTests {
  private func monotonic_us() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }

  @Test(arguments: [false, true])
  func `It is ready when it serves, reloads by the clock, and stops`(isAbstract: Bool) throws {
    let manager = try NoticeSocket(isAbstract: isAbstract)
    let portico = try Portico(
      ["--plugin", "echo", "--workers", "2"], environment: ["NOTIFY_SOCKET": manager.address])
    let ready = try manager.next()
    #expect(ready.fields["READY"] == "1")
    #expect(ready.fields["MAINPID"] == "\(portico.child.pid)")
    #expect(ready.fields["STATUS"] == "serving echo 1.0 with 2 workers")
    #expect(try portico.client().receiveWhatComes(within: .zero) == [])

    let before = monotonic_us()
    portico.child.send(SIGHUP)
    let reloading = try manager.next()
    #expect(reloading.fields["RELOADING"] == "1")
    let time = try #require(reloading.fields["MONOTONIC_USEC"].flatMap(UInt64.init))
    #expect((before...monotonic_us()).contains(time))
    let again = try manager.next()
    #expect(again.fields["READY"] == "1" && again.fields["MAINPID"] == nil)

    portico.child.send(SIGTERM)
    #expect(try manager.next().fields["STOPPING"] == "1")
    let patience = try manager.first(with: "EXTEND_TIMEOUT_USEC")
    #expect(patience.fields["EXTEND_TIMEOUT_USEC"].flatMap(Int.init) ?? 0 >= 10_000_000)
    #expect(try portico.child.wait() == .status(0))
  }

  @Test func `A reload that fails is over too, and the status says why`() throws {
    let manager = try NoticeSocket()
    let plugin = try Paths.newFolder().appending(path: "p.so")
    try FileManager.default.copyItem(at: Fixture.c("lines"), to: plugin)
    let portico = try Portico(
      ["--plugin", plugin.path], environment: ["NOTIFY_SOCKET": manager.address])
    _ = try manager.first(with: "READY")
    try FileManager.default.removeItem(at: plugin)
    portico.child.send(SIGHUP)
    #expect(try manager.next().fields["RELOADING"] == "1")
    let over = try manager.next()
    #expect(over.fields["READY"] == "1")
    let status = try #require(over.fields["STATUS"])
    #expect(status.hasPrefix("reload failed: ") && status.contains(plugin.path), "\(status)")
    #expect(status.contains("; serving "), "\(status)")
  }

  @Test func `The watchdog is fed twice in its time, and not when the loop stands still`() throws {
    let manager = try NoticeSocket()
    let portico = try Portico(
      ["--plugin", "echo"],
      environment: ["NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000000"])
    _ = try manager.first(with: "WATCHDOG")
    for _ in 0..<4 { _ = try manager.first(with: "WATCHDOG", within: .milliseconds(990)) }
    portico.child.send(SIGSTOP)
    // What was on its way.
    _ = try manager.nextIfAny(within: .milliseconds(100))
    #expect(try manager.nextIfAny(within: .milliseconds(1500)) == nil)
    portico.child.send(SIGCONT)
    _ = try manager.first(with: "WATCHDOG")
    #expect(try portico.stop() == .status(0))
  }

  @Test func `Somebody else's watchdog is not fed`() throws {
    let manager = try NoticeSocket()
    let portico = try Portico(
      ["--plugin", "echo"],
      environment: [
        "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1",
      ])
    _ = try manager.first(with: "READY")
    #expect(try manager.nextIfAny(within: .milliseconds(600)) == nil)
    #expect(try portico.stop() == .status(0))
  }

  @Test func `A failing start says why`() throws {
    let manager = try NoticeSocket()
    let finished = try Portico.run(
      "run", "--listen", "tcp://127.0.0.1:0", "--plugin", Fixture.c("refuses").path,
      environment: ["NOTIFY_SOCKET": manager.address])
    #expect(finished.exit == .status(1))
    let status = try #require(try manager.next().fields["STATUS"])
    #expect(status.hasPrefix("cannot start: "), "\(status)")
  }

  @Test(arguments: ["/nowhere/at/all", "nonsense", "@"])
  func `A socket that nobody listens on costs one line`(address: String) throws {
    let portico = try Portico(["--plugin", "echo"], environment: ["NOTIFY_SOCKET": address])
    try portico.waitForLog(containing: "systemd cannot be told how things are: NOTIFY_SOCKET")
    portico.child.send(SIGHUP)
    try portico.waitForLog(containing: "reloaded: serving")
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    client.shut()
    #expect(try portico.stop() == .status(0))
    #expect(portico.log.filter { $0.raw.contains("NOTIFY_SOCKET") }.count == 1)
  }

  @Test func `A manager that does not read is not waited for, and is told all in the end`() throws {
    let manager = try NoticeSocket()
    let portico = try Portico(
      ["--plugin", "echo"], environment: ["NOTIFY_SOCKET": manager.address])
    // Far more than a socket's queue has room for.
    for count in 1...40 {
      portico.child.send(SIGHUP)
      #expect(
        eventually { portico.log.count { $0.raw.contains("reloaded: serving") } >= count })
    }
    var last: [String: String] = [:]
    while let notice = try manager.nextIfAny(within: .milliseconds(500)) { last = notice.fields }
    #expect(last["READY"] == "1")
    #expect(try portico.stop() == .status(0))
  }

  @Test func `Neither workers nor the command see what was meant for the host`() throws {
    let manager = try NoticeSocket()
    let mark = try Paths.newFolder().appending(path: "environment")
    let portico = try Portico(
      ["--plugin", "echo", "--", "sh", "-c", "env > \(mark.path); exec sleep 60"],
      environment: [
        "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "9000000", "LISTEN_FDS": "1",
        "LISTEN_PID": "1", "LISTEN_FDNAMES": "x",
      ])
    _ = try manager.first(with: "READY")
    var seen = try portico.workers.map { try ProcessView.text(of: "/proc/\($0)/environ") }
    #expect(!seen.isEmpty)
    #expect(eventually { (try? String(contentsOf: mark, encoding: .utf8))?.isEmpty == false })
    seen.append(try String(contentsOf: mark, encoding: .utf8))
    for text in seen {
      #expect(text.contains("PATH="))
      for name in ["NOTIFY_SOCKET", "WATCHDOG", "LISTEN_"] { #expect(!text.contains(name)) }
    }
    // The command was ended by TERM, too, and its status is the host's.
    #expect(try portico.stop() == .status(143))
  }
}
