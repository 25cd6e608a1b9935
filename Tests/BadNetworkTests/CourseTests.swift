// The course of a run, event by event.

import Kernel
import Testing

@testable import BadNetwork

@Suite(.timeLimit(.minutes(3)))
struct CourseTests {
  @Test func `The client's end ends the server, and then the run`() {
    var course = Course(serverTells: true)
    #expect(course.limit == Course.patience)
    #expect(course.ready() == .startClient)
    #expect(course.limit == nil)
    #expect(course.clientEnded(.exited(status: 3)) == .terminate)
    #expect(course.limit == Course.farewell)
    #expect(course.limitReached() == .kill)
    #expect(course.serverEnded(.killed(signal: 9)) == .finish(.client(.exited(status: 3))))
  }

  @Test func `A server that does not tell is given its time`() {
    var course = Course(serverTells: false)
    #expect(course.limit == Course.grace)
    #expect(course.limitReached() == .startClient)
    #expect(course.serverEnded(.exited(status: 0)) == .nothing)
    #expect(course.clientEnded(.exited(status: 0)) == .finish(.client(.exited(status: 0))))
  }

  @Test func `Without a server there is no client`() {
    var late = Course(serverTells: true)
    #expect(late.limitReached() == .terminate)
    #expect(late.ready() == .nothing)
    guard case .finish(.noServer(let why)) = late.serverEnded(.killed(signal: 15)) else {
      Issue.record("not finished")
      return
    }
    #expect(why.contains("20 seconds"))
    var silent = Course(serverTells: true)
    #expect(silent.silenced() == .terminate)
    var dead = Course(serverTells: true)
    guard case .finish(.noServer(let reason)) = dead.serverEnded(.exited(status: 4)) else {
      Issue.record("not finished")
      return
    }
    #expect(reason.contains("status 4"))
  }

  @Test func `A signal ends both, and a second one does not wait`() {
    var course = Course(serverTells: true)
    _ = course.ready()
    #expect(course.interrupted(2) == .terminate)
    #expect(course.interrupted(2) == .kill)
    #expect(course.serverEnded(.killed(signal: 9)) == .nothing)
    #expect(course.clientEnded(.killed(signal: 9)) == .finish(.interrupted(2)))
    var early = Course(serverTells: true)
    #expect(early.interrupted(15) == .terminate)
    #expect(early.serverEnded(.killed(signal: 15)) == .finish(.interrupted(15)))
  }

  @Test func `A client that cannot be started ends the run`() {
    var course = Course(serverTells: false)
    _ = course.limitReached()
    #expect(course.clientFailed(status: 127, "gone") == .terminate)
    #expect(
      course.serverEnded(.exited(status: 0)) == .finish(.noClient(status: 127, "gone")))
  }
}
