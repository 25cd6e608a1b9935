// What the kernel and strace write is read as it is meant.

import Foundation
import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct WorkerWatchTests {
  @Test func `Figures are read from the texts of the kernel`() {
    #expect(ProcessFigures.processorTime(in: "7519000 120 33\n") == 7_519_000)
    #expect(ProcessFigures.processorTime(in: "") == nil)
    let pages = "55-7f ---p 00000000 00:00 0 [rollup]\nRss: 9 kB\nPrivate_Dirty:    12 kB\n"
    #expect(ProcessFigures.bytes("Private_Dirty", in: pages) == 12288)
    #expect(ProcessFigures.bytes("Private", in: pages) == nil)
    #expect(ProcessFigures.bytes("Slab", in: "MemTotal: 1 kB\nSlab:  329000 kB\n") == 336_896_000)
    let sockets = "sockets: used 9\nTCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1\nUDP: inuse 3 mem 0\n"
    #expect(ProcessFigures.openSockets(in: sockets) == 5)
    #expect(ProcessFigures.openSockets(in: "TCP6: inuse 4\nUDP6: inuse 2\n") == 4)
  }

  @Test func `Its own figures can be read`() throws {
    let figures = try #require(ProcessFigures(of: getpid()))
    #expect(figures.cpu_ns > 0 && figures.private_B > 1 << 20 && figures.slab_B > 0)
    #expect(ProcessFigures(of: 99_999_999) == nil)
  }

  @Test func `A process's name may hold anything`() throws {
    let found = try #require(ProcessTree.fields(of: "17 (a) S (9) R 12 0 0"))
    #expect(found == ("a) S (9", 12))
    #expect(ProcessTree.fields(of: "") == nil)
    #expect(ProcessTree.tracer(in: "Name:\tx\nTracerPid:\t17\n") == 17)
  }

  @Test func `Calls are counted once, whoever interrupts them`() {
    var reader = TraceReader()
    let text = """
      12 restart_syscall(<... resuming interrupted read ...>) = 0
      12 epoll_wait(13, [{events=EPOLLIN}], 512, -1) = 1
      13 recvfrom(14,  <unfinished ...>
      12 accept4(10, NULL, NULL, SOCK_CLOEXEC)   = 14
      13 <... recvfrom resumed>"0", 65536, MSG_DONTWAIT, NULL, NULL) = 1
      [pid  12] sendto(14, "--- +++", 7, 0, NULL, 0) = 7
      --- SIGTERM {si_signo=SIGTERM} ---
      12 +++ exited with 0 +++

      """
    for byte in Array(text.utf8) { reader.feed([byte]) }
    #expect(reader.counts == ["epoll_wait": 1, "recvfrom": 1, "accept4": 1, "sendto": 1])
    #expect(
      reader.lines == [
        "epoll_wait(13, [{events=EPOLLIN}], 512, -1) = 1", "recvfrom(14,",
        "accept4(10, NULL, NULL, SOCK_CLOEXEC) = 14", #"sendto(14, "--- +++", 7, 0, NULL, 0) = 7"#,
      ])
    for _ in 0..<100 { reader.feed(Array("12 read(3) = 0\n".utf8)) }
    #expect(reader.lines.count == TraceReader.keptCount)
    #expect(reader.counts["read"] == 100)
  }

  @Test(arguments: [1, 9, 10, 11, 12, 500, 5000])
  func `Samples are thinned out evenly, and the last is there`(count: Int) {
    var log = SampleLog(limit: 10)
    for number in 1...count {
      var sample = ServerReport.Sample()
      sample.at_us = number
      log.add(sample)
    }
    let times = log.samples.map(\.at_us)
    #expect(times.count <= 12)
    #expect(times.first == 1 && times.last == count)
    #expect(times == times.sorted() && Set(times).count == times.count)
    let gaps = Set(zip(times, times.dropFirst().dropLast()).map { $1 - $0 })
    #expect(gaps.count <= 1, "\(times)")
  }

  @Test func `A log keeps its last lines`() {
    var log = LogTail()
    for number in 0..<5000 { log.feed(Array("line \(number)\n".utf8)) }
    #expect(log.lines(2) == ["line 4998", "line 4999"])
  }
}
