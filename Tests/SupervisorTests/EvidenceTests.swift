// Promise: a dead worker's page and buffers, whatever a plugin has written into them, become a
// report or less of one, and never harm the supervisor.

import CKernel
import Control
import Kernel
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) struct EvidenceTests {
  private func page(hook: ck_hook = CK_HOOK_HANDLE) throws -> ck_page {
    var page = ck_page()
    page.hook = hook.rawValue
    page.signal = 11
    page.in_main_thread = 1
    page.connection = 12
    page.offset = 4096
    page.length = 5
    page.peer = try #require(Endpoint(address: "127.0.0.1", port: 40000))
    return page
  }

  /// Buffers with `hello` where the page above says.
  private func buffers() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32768)
    bytes.replaceSubrange(4096..<4101, with: Array("hello".utf8))
    return bytes
  }

  /// A record of these calls at 8192, 4096 bytes long.
  private func put(_ calls: [String], total: UInt64, partial: Bool = false, into: inout [UInt8]) {
    var ring: [UInt8] = []
    for call in calls { ring += [UInt8(call.utf8.count), 0, 0, 0] + Array(call.utf8) }
    into[8192] = 12
    into[8192 + 8] = UInt8(total)
    into[8192 + 20] = UInt8(ring.count)
    into[8192 + 28] = partial ? 1 : 0
    into.replaceSubrange(8192 + 64..<8192 + 64 + ring.count, with: ring)
  }

  private func report(
    _ page: ck_page, _ buffers: [UInt8], hasRecord: Bool = true, isDatagram: Bool = false
  ) -> CrashReport {
    var report = CrashReport()
    let death = Death(reason: .killed(signal: 11), page: page, handler: "h 1.0")
    report.take(death, Backtrace())
    report.isDatagram = isDatagram
    report.takeInput(page, hasRecord: hasRecord, byteCount: buffers.count) { offset, count in
      precondition(offset >= 0 && count >= 0 && offset + count <= buffers.count, "reads outside")
      return Array(buffers[offset..<offset + count])
    }
    return report
  }

  private func texts(_ report: CrashReport) -> [String] {
    report.input.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `Without a record the call at hand is all, and nobody knows what came before`() throws
  {
    let report = report(try page(), buffers(), hasRecord: false)
    #expect(texts(report) == ["hello"])
    #expect(report.isInCall)
    #expect(report.missingByteCount == nil)
    #expect(report.connection == 12)
    #expect(report.peer == "127.0.0.1:40000")
  }

  @Test func `With a record there is what came before, and how much of it is gone`() throws {
    var page = try page()
    (page.record_offset, page.record_length) = (8192, 4096)
    var bytes = buffers()
    put(["one", "two", "hello"], total: 31, into: &bytes)
    let report = report(page, bytes)
    #expect(texts(report) == ["one", "two", "hello"])
    #expect(report.isInCall)
    #expect(report.missingByteCount == 20)
  }

  @Test func `A call that is larger than the record is there in full`() throws {
    var page = try page()
    (page.record_offset, page.record_length) = (8192, 4096)
    var bytes = buffers()
    put(["llo"], total: 9, into: &bytes)
    let report = report(page, bytes)
    #expect(texts(report) == ["hello"])
    #expect(report.missingByteCount == 4)
  }

  @Test func `A record that began late does not say how much is missing`() throws {
    var page = try page()
    (page.record_offset, page.record_length) = (8192, 4096)
    var bytes = buffers()
    put(["hello"], total: 5, partial: true, into: &bytes)
    #expect(report(page, bytes).missingByteCount == nil)
  }

  @Test func `Another connection's record is not taken for this one's`() throws {
    var page = try page(hook: CK_HOOK_TIMER)
    (page.record_offset, page.record_length) = (8192, 4096)
    var bytes = buffers()
    put(["secret"], total: 6, into: &bytes)
    bytes[8192] = 13
    let report = report(page, bytes)
    #expect(report.input == [])
    #expect(!report.isInCall)
    #expect(report.missingByteCount == nil)
  }

  @Test func `In on_open the first bytes wait, and nothing came before them`() throws {
    let report = report(try page(hook: CK_HOOK_OPEN), buffers())
    #expect(texts(report) == ["hello"])
    #expect(!report.isInCall)
    #expect(report.missingByteCount == 0)
  }

  @Test func `A datagram is whole`() throws {
    let report = report(try page(), buffers(), isDatagram: true)
    #expect(texts(report) == ["hello"])
    #expect(report.missingByteCount == 0)
  }

  @Test func `An empty datagram is one`() throws {
    var page = try page()
    page.length = 0
    let report = report(page, buffers(), isDatagram: true)
    #expect(report.input == [[]] && report.isInCall)
    let read = try CrashReport(parsing: Array(report.text.utf8))
    #expect(read.input == [[]] && read.isInCall)
  }

  @Test func `A crash in a thread of the plugin has no input and no client`() throws {
    var page = try page()
    page.in_main_thread = 0
    let report = report(page, buffers())
    #expect(report.isInOtherThread)
    #expect(report.connection == nil)
    #expect(report.input == [])
  }

  @Test func `Random pages over random buffers trap nobody`() throws {
    var random = SeededGenerator(test: "evidence")
    for _ in 0..<2000 {
      var page = ck_page()
      unsafe withUnsafeMutableBytes(of: &page) { raw in
        for place in raw.indices where Int.random(in: 0..<3, using: &random) > 0 {
          unsafe raw[place] = UInt8.random(in: 0...255, using: &random)
        }
      }
      if Bool.random(using: &random) {
        page.hook = UInt32.random(in: 0..<14, using: &random)
        page.length = UInt64.random(in: 0..<9000, using: &random)
        page.offset = UInt64.random(in: 0..<9000, using: &random)
        page.record_offset = UInt64.random(in: 0..<9000, using: &random)
        page.record_length = UInt64.random(in: 0..<9000, using: &random)
        page.frame_count = UInt32.random(in: 0..<40, using: &random)
      }
      let bytes = [UInt8](
        repeating: UInt8.random(in: 0...3, using: &random), count: 8192)
      let report = report(page, bytes)
      #expect(report.input.count <= 65536)
      let backtrace = Backtrace(page, plugin: "x.so") { _, offsets in
        Dictionary(offsets.map { ($0, .init(function: "f", offset: $0)) }) { first, _ in first }
      }
      #expect(backtrace.frames.count <= Int(CK_FRAME_COUNT))
    }
  }

  @Test func `Calls that repeat are told once, with how often`() {
    var page = ck_page()
    page.signal = 11
    page.instruction = 0x5010
    page.frame_count = 4
    func frame(_ address: UInt64) -> ck_frame {
      var frame = ck_frame()
      frame.address = address
      frame.base = 0x5000
      frame.in_plugin = 1
      return frame
    }
    page.frames.0 = frame(0x5010)
    page.frames.1 = frame(0x5021)
    page.frames.2 = frame(0x5021)
    page.frames.3 = frame(0x5031)
    let backtrace = Backtrace(page, plugin: "x.so") { _, offsets in
      #expect(offsets == [0x10, 0x20, 0x20, 0x30], "a call, not where it returns to")
      return [
        0x10: .init(function: "descend", offset: 0), 0x20: .init(function: "descend", offset: 0x10),
        0x30: .init(function: "handle", offset: 4),
      ]
    }
    #expect(backtrace.function == "descend+0x0 of x.so")
    #expect(
      backtrace.line
        == "descend+0x0 of x.so, called by descend+0x11 of x.so (2 times), called by handle+0x5 "
        + "of x.so")
  }
}
