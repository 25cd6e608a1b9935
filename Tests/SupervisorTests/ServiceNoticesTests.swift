// Promise: what systemd is told is in order, is never lost for want of room, and stops nobody.

import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct ServiceNoticesTests {
  private let start = Moment.now

  private func sent(_ notices: inout ServiceNotices, at now: Moment) -> [String] {
    var texts: [String] = []
    while let text = notices.next(at: now) {
      texts.append(text)
      notices.wasSent()
    }
    return texts
  }

  @Test func `Ready is said once, and after each reload`() {
    var notices = ServiceNotices(watchdogTime: nil, at: start)
    notices.isReloading("too early", monotonic_us: 1)
    #expect(sent(&notices, at: start) == [])
    notices.isReady("a", pid: 7)
    notices.isReady("a", pid: 7)
    notices.isReady("b", pid: 7)
    #expect(sent(&notices, at: start) == ["READY=1\nMAINPID=7\nSTATUS=a", "STATUS=b"])
    notices.isReloading("c", monotonic_us: 5)
    notices.isReady("b", pid: 7)
    #expect(
      sent(&notices, at: start) == [
        "RELOADING=1\nMONOTONIC_USEC=5\nSTATUS=c", "READY=1\nSTATUS=b",
      ])
    #expect(notices.dueTime == nil)
  }

  @Test func `A status is one line, whatever a plugin calls itself`() {
    var notices = ServiceNotices(watchdogTime: nil, at: start)
    notices.isReady("evil\nMAINPID=1\nREADY=0", pid: 7)
    let text = sent(&notices, at: start).first ?? ""
    #expect(text.split(separator: "\n").count == 3)
  }

  @Test func `The watchdog is due at half its time, also while it is starting and stopping`() {
    var notices = ServiceNotices(watchdogTime: .seconds(2), at: start)
    #expect(notices.dueTime == start + .seconds(1))
    #expect(sent(&notices, at: start) == [])
    #expect(sent(&notices, at: start + .seconds(1)) == ["WATCHDOG=1"])
    // A loop that was late feeds it once, not for each time that it missed.
    #expect(sent(&notices, at: start + .seconds(9)) == ["WATCHDOG=1"])
    #expect(notices.dueTime == start + .seconds(10))
  }

  @Test func `While it stops patience is asked for again and again`() {
    var notices = ServiceNotices(watchdogTime: nil, at: start)
    notices.isReady("a", pid: 7)
    notices.isStopping("draining", at: start)
    let first = sent(&notices, at: start)
    #expect(first.contains("STOPPING=1\nSTATUS=draining"))
    #expect(first.last == "EXTEND_TIMEOUT_USEC=20000000")
    let due = notices.dueTime
    #expect(due == start + ServiceNotices.patiencePeriod)
    #expect(sent(&notices, at: due ?? start) == ["EXTEND_TIMEOUT_USEC=20000000"])
    notices.isStopping("stopping", at: due ?? start)
    notices.isReady("no more", pid: 7)
    #expect(sent(&notices, at: due ?? start) == ["STATUS=stopping"])
  }

  @Test func `What finds no room comes again, less what is out of date`() {
    var notices = ServiceNotices(watchdogTime: .seconds(100), at: start)
    notices.isReady("a", pid: 7)
    for status in ["b", "c", "d"] { notices.change(status) }
    #expect(notices.next(at: start)?.hasPrefix("READY=1") == true)
    notices.wasRefused(at: start)
    #expect(notices.next(at: start) == nil)
    let due = start + ServiceNotices.retryDelay
    #expect(notices.dueTime == due)
    #expect(sent(&notices, at: due) == ["READY=1\nMAINPID=7\nSTATUS=a", "STATUS=d"])
  }
}

@Suite(.timeLimit(.minutes(3))) struct ServiceEnvironmentTests {
  @Test func `It is understood when it is meant for this process`() {
    let environment = ServiceEnvironment(
      [
        "PATH=/bin", "NOTIFY_SOCKET=@x=y", "WATCHDOG_USEC=2000000", "WATCHDOG_PID=7",
        "LISTEN_PID=7", "LISTEN_FDS=3", "LISTEN_FDNAMES=web::",
      ], pid: 7)
    #expect(environment.notifyAddress == "@x=y")
    #expect(environment.watchdogTime == .seconds(2))
    #expect(environment.socketNames == ["web", "unknown", "unknown"])
  }

  @Test(arguments: [
    ["LISTEN_FDS=3"], ["LISTEN_FDS=3", "LISTEN_PID=8"], ["LISTEN_FDS=-1", "LISTEN_PID=7"],
    ["LISTEN_FDS=many", "LISTEN_PID=7"], ["LISTEN_PID=7", "LISTEN_FDNAMES=a:b"],
    ["WATCHDOG_USEC=0"], ["WATCHDOG_USEC=x"], ["WATCHDOG_USEC=5", "WATCHDOG_PID=8"],
    ["NOTIFY_SOCKET="], [],
  ])
  func `What is meant for another one, or makes no sense, is nothing`(entries: [String]) {
    #expect(ServiceEnvironment(entries, pid: 7) == ServiceEnvironment())
  }

  @Test func `A number of sockets beyond all reason is not believed`() {
    let environment = ServiceEnvironment(["LISTEN_FDS=2000000000", "LISTEN_PID=7"], pid: 7)
    #expect(environment.socketNames.count == 1024)
  }

  @Test func `Children get nothing of it`() {
    let entries = ["NOTIFY_SOCKET=/x", "LISTEN_FDS=1", "LISTENER=mine", "WATCHDOG_PID=1", "A"]
    #expect(ServiceEnvironment.withoutService(entries) == ["LISTENER=mine", "A"])
  }
}
