// What is said about broken promises and dropped lines: each once, none that did not happen.

internal import CKernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct BreachReportTests {
  private static func handler(_ flags: UInt64) -> Handler {
    var handler = Handler()
    handler.name = "echo"
    handler.flags = flags
    return handler
  }

  private static func page(stale: UInt64 = 0, misused: UInt64 = 0) -> ck_page {
    var page = ck_page()
    page.stale_replies = stale
    page.misused_replies = misused
    return page
  }

  @Test func `A handler that promised nothing breaks nothing`() {
    var report = BreachReport()
    let line = report.line(
      handler: Self.handler(0), page: Self.page(stale: 5, misused: 7), now_ms: 10_000)
    #expect(line == nil)
  }

  @Test func `Nothing is said while no promise was broken`() {
    var report = BreachReport()
    for flags in [Promise.inline, Promise.forgets] {
      let line = report.line(handler: Self.handler(flags), page: Self.page(), now_ms: 10_000)
      #expect(line == nil)
    }
  }

  @Test func `A broken promise is named with its handler, its count and the promise`() throws {
    var report = BreachReport()
    let said = report.line(
      handler: Self.handler(Promise.inline), page: Self.page(misused: 3), now_ms: 10_000)
    let line = try #require(said)
    #expect(line.contains("echo misused a reply"))
    #expect(line.contains("3 times (3 in all)"))
    #expect(line.contains("PORTICO_INLINE"))
    var other = BreachReport()
    let saidOfStale = other.line(
      handler: Self.handler(Promise.forgets), page: Self.page(stale: 2), now_ms: 10_000)
    let stale = try #require(saidOfStale)
    #expect(stale.contains("stale reply"))
    #expect(stale.contains("2 times (2 in all)"))
    #expect(stale.contains("PORTICO_FORGETS"))
  }

  @Test func `Breaches are said at most once a second and none is forgotten`() throws {
    var random = SplitMix64(for: "BreachReport")
    var report = BreachReport()
    let handler = Self.handler(Promise.inline)
    var now: UInt64 = 0
    var total: UInt64 = 0
    var told: UInt64 = 0
    var lastSaid: UInt64?
    for _ in 0..<5000 {
      now += UInt64(random.below(300))
      if random.below(3) == 0 { total += UInt64(random.below(5)) }
      guard let line = report.line(handler: handler, page: Self.page(misused: total), now_ms: now)
      else {
        let isQuiet = total == told || (lastSaid.map { now < $0 + 1000 } ?? false)
        try #require(isQuiet, "a breach was kept back at \(now)")
        continue
      }
      if let lastSaid { try #require(now >= lastSaid + 1000) }
      lastSaid = now
      try #require(line.contains("\(total - told) times (\(total) in all)"), "\(line)")
      told = total
    }
    #expect(told > 0)
  }

  @Test func `An inline handler's stale replies are no breach of its promise`() {
    var report = BreachReport()
    let line = report.line(
      handler: Self.handler(Promise.inline), page: Self.page(stale: 4), now_ms: 10_000)
    #expect(line == nil)
  }

  @Test func `A reply inside on_close keeps PORTICO_FORGETS, which speaks of after on_close`()
    throws
  {
    let test = try TestCore(promises: Promise.forgets)
    let core = test.core
    let row = test.connect()
    unsafe core.value.handler.onClose = { _, reply in _ = unsafe reply("bye", 3) }
    core.value.connections[row].marks.insert(.opened)
    core.value.closeReply(row)
    core.value.callClose(row)
    core.value.killReply(row)
    let line = core.value.breaches.line(
      handler: core.value.handler, page: core.value.page.value, now_ms: 10_000)
    #expect(line == nil, "the header calls it harmless, and the promise was kept")
  }

  @Test func `A NULL with a length is not reported as a stale reply`() throws {
    let test = try TestCore(promises: Promise.forgets)
    let core = test.core
    let row = test.connect()
    #expect(replyNull(test.code(row), length: 5) == misuse)
    let line = core.value.breaches.line(
      handler: core.value.handler, page: core.value.page.value, now_ms: 10_000)
    #expect(line?.contains("stale") != true, "the client is there: nothing was stale")
  }

  @Test func `A NULL with a length inside its call is not reported as a use outside of it`() throws
  {
    let test = try TestCore(promises: Promise.inline)
    let core = test.core
    unsafe core.value.handler.handle = { buffer, length, reply in
      let answers = unsafe UnsafeMutableRawPointer(mutating: buffer)
      unsafe answers.storeBytes(of: reply(nil, 5), as: Int64.self)
      return length
    }
    let call = test.handle(test.connect(), [0])
    #expect(call.numbers == [misuse])
    let line = core.value.breaches.line(
      handler: core.value.handler, page: core.value.page.value, now_ms: 10_000)
    #expect(line?.contains("outside the call") != true, "it was inside the call")
  }
}
