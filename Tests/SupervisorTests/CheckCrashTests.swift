// What is said of a probe that died comes from numbers that a plugin may have written: every
// combination of them gives a sentence, and those that mean something give the right one.

import CKernel
import Kernel
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3)))
struct CheckCrashTests {
  private func lines(
    _ fault: UInt64, access: UInt32, request: UInt64 = 0x10_0000, length: UInt64 = 17
  ) -> String {
    var page = ck_page()
    page.signal = 11
    page.in_main_thread = 1
    page.hook = CK_HOOK_HANDLE.rawValue
    page.length = length
    page.probe_request = request
    page.probe_length = length
    page.fault_address = fault
    page.fault_access = access
    return CheckCrash(page: page, handler: "h").lines(.killed(signal: 11)).joined()
  }

  @Test func `A touch beside the request is told by its distance`() {
    #expect(
      lines(0x10_0000 + 18, access: 1)
        == "handle reads 2 bytes past the end of its 17-byte request")
    #expect(
      lines(0x10_0000 + 18, access: 2)
        == "handle writes 2 bytes past the end of its 17-byte request")
    #expect(lines(0x10_0000 - 1, access: 1) == "handle reads 1 byte before its 17-byte request")
    #expect(lines(0x10_0000, access: 2) == "handle writes into the request at byte 0 of 17")
    #expect(
      lines(0x10_0011, access: 2) == "handle writes to the NUL behind its 17-byte request")
  }

  @Test func `A crash elsewhere is told as a crash`() {
    for fault: UInt64 in [0, 1, 0x10_0000 + 17 + 5000, 0x10_0000 - 5000, .max] {
      #expect(lines(fault, access: 1).contains("h crashes"), "\(fault)")
    }
    // The request can be read, so a read inside it cannot be what went wrong.
    #expect(lines(0x10_0000 + 4, access: 1).contains("h crashes"))
  }

  @Test func `No numbers trap`() {
    let extremes: [UInt64] = [0, 1, 4095, 4096, 1 << 63, .max - 4096, .max - 1, .max]
    for fault in extremes {
      for request in extremes {
        for length in extremes {
          #expect(!lines(fault, access: 1, request: request, length: length).isEmpty)
        }
      }
    }
  }

  @Test func `A probe hangs when one call does not return, and not when calls go on`() {
    let start = Moment.now
    var watch = HangWatch(limit: .seconds(2), loadLimit: .seconds(10), now: start)
    watch.hasLoaded = true
    var page = ck_page()
    page.hook = CK_HOOK_HANDLE.rawValue
    page.calls = 1
    #expect(watch.exceeded(page, now: start) == nil)
    #expect(watch.exceeded(page, now: start + .seconds(1)) == nil)
    page.calls = 2
    #expect(watch.exceeded(page, now: start + .seconds(3)) == nil)
    #expect(watch.exceeded(page, now: start + .seconds(4)) == nil)
    #expect(watch.exceeded(page, now: start + .seconds(6)) == .seconds(2))
    page.hook = CK_HOOK_NONE.rawValue
    #expect(watch.exceeded(page, now: start + .seconds(7)) == nil)
    #expect(watch.exceeded(page, now: start + .seconds(60)) == nil)
  }
}
