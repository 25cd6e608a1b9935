// Promise: the log names who and what ended a worker, and blames no client for a plugin's thread.

import CKernel
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct DeathTests {
  private func page(hook: UInt32, signal: UInt32 = 11, inMainThread: Bool = true) throws -> ck_page
  {
    var page = ck_page()
    page.hook = hook
    page.signal = signal
    page.in_main_thread = inMainThread ? 1 : 0
    page.connection = 12
    page.length = 5
    page.peer = try #require(Endpoint(address: "127.0.0.1", port: 40000))
    return page
  }

  @Test("A crash in handle names signal, handler, hook and client")
  func inHandle() throws {
    let death = Death(reason: .killed(signal: 11), page: try page(hook: 6), handler: "crash 1.0")
    #expect(death.description == "was killed by SIGSEGV while crash 1.0 was in handle with 5 bytes")
    #expect(death.client?.connection == 12)
  }

  @Test("A crash in a thread of the plugin blames no connection")
  func inThread() throws {
    let death = Death(
      reason: .killed(signal: 6), page: try page(hook: 6, signal: 6, inMainThread: false),
      handler: "h")
    #expect(death.description == "was killed by SIGABRT in a thread of the plugin h")
    #expect(death.client == nil)
  }

  @Test("Outside of any call nobody is blamed")
  func outside() throws {
    let death = Death(reason: .exited(status: 3), page: try page(hook: 0, signal: 0), handler: "h")
    #expect(death.description == "exited with status 3 outside of any call of h")
    #expect(death.client == nil)
  }

  @Test("A page full of garbage is described, not trusted")
  func garbage() throws {
    let death = Death(reason: .killed(signal: 9), page: try page(hook: .max), handler: "h")
    #expect(death.client == nil)
    #expect(death.description.hasPrefix("was killed by SIGKILL"))
  }

  @Test("A plugin that crashes or hangs while it loads is named with the place")
  func loading() throws {
    let death = Death(reason: .killed(signal: 11), page: try page(hook: 3), handler: "h")
    #expect(
      death.descriptionWhileLoading(path: "/x.so")
        == "the plugin /x.so crashes in on_load: the worker was killed by SIGSEGV")
    #expect(
      Death.hang(path: "/x.so", page: try page(hook: 1), limit: .seconds(10))
        == "the plugin /x.so did not finish loading within 10s (--load-timeout): it hangs in "
        + "a constructor")
  }

  @Test func `The function of the plugin is named behind the hook`() throws {
    var death = Death(reason: .killed(signal: 11), page: try page(hook: 6), handler: "crash 1.0")
    death.function = "handle+0x1c of crash.so"
    #expect(
      death.sentence(of: "worker 0")
        == "worker 0 was killed by SIGSEGV while crash 1.0 was in handle with 5 bytes "
        + "(handle+0x1c of crash.so)")
  }

  @Test func `A hang is told as one, and how it was ended`() throws {
    var death = Death(reason: .killed(signal: 6), page: try page(hook: 6), handler: "spin 1.0")
    death.hungFor = .seconds(10)
    death.function = "turn+0x8 of spin.so"
    #expect(
      death.sentence(of: "worker 0")
        == "spin 1.0 did not return from handle with 5 bytes for 10s and was aborted "
        + "(turn+0x8 of spin.so): worker 0 is gone")
    death.reason = .killed(signal: 9)
    #expect(death.sentence(of: "worker 0").contains("killed, since aborting did not end it"))
  }

  @Test func `A hang outside of a call blames no handler, whatever the page says by then`() throws {
    var death = Death(reason: .killed(signal: 6), page: try page(hook: 6), handler: "spin 1.0")
    death.hungFor = .seconds(10)
    death.hungInLoop = true
    #expect(
      death.sentence(of: "worker 0")
        == "worker 0 did not turn its loop for 10s, outside of any call of spin 1.0, and was "
        + "aborted: please report it, the host may be to blame")
  }

  @Test func `A thread that calls exit blames no connection`() throws {
    var page = try page(hook: 6, signal: 0, inMainThread: false)
    page.has_exited = 1
    let death = Death(reason: .exited(status: 7), page: page, handler: "h")
    #expect(death.description == "exited with status 7 in a thread of the plugin h")
    #expect(death.client == nil)
  }

  @Test func `A crash that nobody wrote down is no call's`() throws {
    let death = Death(reason: .killed(signal: 11), page: try page(hook: 6, signal: 0), handler: "h")
    #expect(death.description.hasPrefix("was killed by SIGSEGV and left no record: h overflowed"))
    #expect(death.client == nil)
  }

  @Test func `Another process that sent the signal is named`() throws {
    var page = try page(hook: 6)
    page.sender = 4711
    let death = Death(reason: .killed(signal: 11), page: page, handler: "h")
    #expect(death.description.hasSuffix("; process 4711 sent the signal"))
  }

  @Test(arguments: [
    (UInt64(30), ""), (40, "; its memory was 40MiB of --worker-memory 64MiB"),
    (63, "; its memory was at --worker-memory 64MiB"), (1 << 40, "; its memory was at"),
  ])
  func `Memory near what a worker may have is told`(mebibytes: UInt64, words: String) throws {
    var page = try page(hook: 6)
    page.data_size = mebibytes << 20
    var death = Death(reason: .killed(signal: 6), page: page, handler: "h")
    death.workerMemory = ByteCount(64 << 20)
    #expect(death.description.contains("its memory") == !words.isEmpty)
    #expect(death.description.contains(words) || words.isEmpty)
  }

  @Test func `The first of two crashes is the one that it died of`() throws {
    let death = Death(
      reason: .killed(signal: 11), page: try page(hook: 6, signal: 6), handler: "h")
    #expect(death.description.hasPrefix("was killed by SIGABRT"))
    let odd = Death(
      reason: .killed(signal: 11), page: try page(hook: 6, signal: .max), handler: "h")
    #expect(odd.description.hasPrefix("was killed by SIGSEGV"))
  }
}
