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
      reason: .killed(signal: 6), page: try page(hook: 6, inMainThread: false), handler: "h")
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
}
