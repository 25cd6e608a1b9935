// Promise: whatever stands in the page and the buffers of a worker, everything that the supervisor
// and the commands do with them ends, traps nobody, and says something that can be read back.

import CKernel
import Control
import Kernel
import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) struct HostilePageTests {
  /// Numbers that arithmetic breaks on, besides those that no one chose.
  private static let corners: [UInt64] = [
    0, 1, 63, 64, 65, 4095, 4096, 8191, 8192, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max - 4096,
    .max - 1, .max,
  ]

  private func page(_ random: inout SeededGenerator) -> ck_page {
    var page = ck_page()
    // SAFETY: any bytes are a page.
    unsafe withUnsafeMutableBytes(of: &page) { raw in
      for place in stride(from: 0, to: raw.count - 7, by: 8) {
        let isCorner = Bool.random(using: &random)
        let number = isCorner ? Self.corners.randomElement(using: &random)! : random.next()
        unsafe raw.storeBytes(of: number, toByteOffset: place, as: UInt64.self)
      }
    }
    // Mostly it is a page that somebody looks at closer.
    if Int.random(in: 0..<4, using: &random) > 0 {
      page.hook = UInt32.random(in: 0..<UInt32(CK_HOOK_COUNT.rawValue + 2), using: &random)
      page.signal = [0, 6, 7, 11, 4_000_000_000].randomElement(using: &random)!
      page.in_main_thread = UInt32.random(in: 0..<2, using: &random)
      page.connection = 12
      page.record_offset = [0, 4096, 8192].randomElement(using: &random)!
      page.record_length = [64, 69, 4096, 8192].randomElement(using: &random)!
    }
    return page
  }

  /// Buffers that hold a record of connection 12 with a ring of garbage, at each page.
  private func buffers(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes = random.bytes(upTo: 1024)
    bytes += [UInt8](repeating: UInt8.random(in: 0...2, using: &random), count: 12288 - bytes.count)
    for start in stride(from: 0, to: bytes.count, by: 4096) {
      bytes.replaceSubrange(start..<start + 8, with: [12, 0, 0, 0, 0, 0, 0, 0])
      guard Bool.random(using: &random) else { continue }
      bytes.replaceSubrange(start + 16..<start + 24, with: [0, 0, 0, 0, 0, 1, 0, 0])
    }
    return bytes
  }

  private let reasons: [ExitReason] = [
    .exited(status: 0), .exited(status: 3), .killed(signal: 9), .killed(signal: 11),
  ]

  @Test func `Every reader of a page and its buffers copes with random ones`() throws {
    var random = SeededGenerator(test: "hostile pages")
    var watchdog = Watchdog(limit: .seconds(1), now: .now)
    var hangs = HangWatch(limit: .seconds(1), loadLimit: .seconds(1), now: .now)
    var now = Moment.now
    for _ in 0..<3000 {
      let page = page(&random)
      let buffers = buffers(&random)
      let reason = reasons.randomElement(using: &random)!

      // At a death.
      var death = Death(reason: reason, page: page, handler: "h 1.0")
      if Bool.random(using: &random) { death.hungFor = .seconds(10) }
      death.workerMemory = ByteCount(16 << 20)
      let image = random.bytes(upTo: 2000)
      let backtrace = Backtrace(page, plugin: "x.so") { _, offsets in
        SymbolTable.places(of: offsets) { offset, count in
          Array(image.dropFirst(offset).prefix(count))
        }
      }
      #expect(backtrace.frames.count <= Int(CK_FRAME_COUNT))
      _ = (
        death.sentence(of: "worker 0"), death.descriptionWhileLoading(path: "/x.so"), death.place
      )
      _ = (Death.hang(path: "/x.so", page: page, limit: .seconds(1)), backtrace.line)
      var report = CrashReport()
      report.take(death, backtrace)
      report.isDatagram = Bool.random(using: &random)
      report.takeInput(page, hasRecord: true, byteCount: buffers.count) { offset, count in
        precondition(offset >= 0 && count >= 0 && offset + count <= buffers.count, "reads outside")
        return Array(buffers[offset..<offset + count])
      }
      #expect(report.input.count <= 65536)
      let parsed = try CrashReport(parsing: Array(report.text.utf8))
      #expect(parsed.input == report.input && parsed.frames == report.frames)

      // While it runs.
      now = now + .milliseconds(125)
      let pulse = Watchdog.Pulse(page)
      _ = watchdog.look(at: pulse, now: now, hasStopped: false) {
        false
      } isAwaited: {
        true
      }
      _ = watchdog.callAge(pulse, now: now)
      _ = hangs.exceeded(page, now: now)
      #expect(!WorkerCounters(page).description.isEmpty)
      #expect(!WorkerCounters.limitsHit([page, page, page]).isEmpty)

      // Of a probe.
      let crash = CheckCrash(page: page, handler: "h")
      #expect(!crash.lines(reason).isEmpty && !crash.lines(hangingFor: .seconds(1)).isEmpty)
    }
  }

  @Test func `No offset and no count makes a read of the buffers trap`() throws {
    let file = try MemoryFile(name: "test buffers", byteCount: 8192)
    let numbers = Self.corners.map { Int(truncatingIfNeeded: $0) }
    for offset in numbers {
      for count in numbers {
        let bytes = file.read(at: offset, count: count)
        #expect(bytes.count <= 8192)
        #expect(offset >= 0 || bytes.isEmpty)
      }
    }
  }
}
