// Promise: the log says what a worker has done and which limits were met, whatever its page holds.

import CKernel
import Control
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct WorkerCountersTests {
  private var page: ck_page {
    var page = ck_page()
    page.accepted = 10
    page.requests = 12
    page.replies = 12
    page.bytes_in = 1200
    page.bytes_out = 1300
    return page
  }

  private func count(_ count: UInt64, of limit: ck_limit, in page: inout ck_page) {
    // SAFETY: the field is an array of such numbers, one for each limit.
    unsafe withUnsafeMutableBytes(of: &page.limits) {
      unsafe $0.storeBytes(of: count, toByteOffset: Int(limit.rawValue) * 8, as: UInt64.self)
    }
  }

  @Test("What is nothing special is left out")
  func usual() {
    let counters = WorkerCounters(page)
    #expect(
      counters.description
        == "10 accepted, 0 open, 12 requests, 12 replies, 1200 bytes in, 1300 out")
    #expect(counters.hasServed)
    #expect(!WorkerCounters(ck_page()).hasServed)
  }

  @Test("Limits that were met stand there with their options, and the rest by name")
  func special() {
    var page = page
    page.datagrams_in = 1
    page.datagram_errors = 2
    page.stale_replies = 3
    count(4, of: CK_LIMIT_CONNECTIONS, in: &page)
    count(5, of: CK_LIMIT_SLOW_CALL, in: &page)
    count(6, of: CK_LIMIT_RESOURCES, in: &page)
    #expect(
      WorkerCounters(page).description.hasSuffix(
        ", 1300 out, 1 datagrams in, 2 datagrams lost on sending, 3 stale replies, "
          + "--max-connections 4, --slow-call 5, 6 rests for want of descriptors or memory"))
  }

  @Test("Every limit has its place")
  func allLimits() {
    for limit in 0..<CK_LIMIT_COUNT.rawValue {
      var page = ck_page()
      count(77, of: ck_limit(rawValue: limit), in: &page)
      #expect(WorkerCounters(page).description.contains("77"), "limit \(limit)")
    }
  }

  @Test("In JSON each number is a field")
  func json() {
    let line = LogLine(
      time_ns: 0, level: .info, source: "portico", details: WorkerCounters(page).details,
      message: "m")
    let text = String(decoding: line.formatted(as: .json), as: UTF8.self)
    #expect(text.contains(#","accepted":10,"open":0,"requests":12,"replies":12,"bytes_in":1200,"#))
    #expect(String(decoding: line.formatted(as: .text), as: UTF8.self).hasSuffix("portico: m\n"))
  }

  @Test("A page full of garbage is only numbers")
  func garbage() {
    var page = ck_page()
    // SAFETY: every bit pattern is a page.
    unsafe withUnsafeMutableBytes(of: &page) {
      _ = unsafe $0.initializeMemory(as: UInt8.self, repeating: 0xFF)
    }
    #expect(WorkerCounters(page).description.contains("18446744073709551615 accepted"))
  }
}
