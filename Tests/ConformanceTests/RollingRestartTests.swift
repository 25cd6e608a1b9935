// The promise: a restart loses no answer. Clients are refused, at once, or answered.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct RollingRestartTests {
  @Test(arguments: Transport.streams)
  func `Hosts that are restarted in turn reset nobody`(transport: Transport) throws {
    let run = try RollingRestart(restarts: 4, over: transport)
    #expect(run.losses == [])
    #expect(run.answerCount > 100)
  }
}

@Suite(.tags(.thorough, .backend), .serialized, .realProcesses, .timeLimit(.minutes(10)))
struct ManyRestartsTests {
  @Test(arguments: Transport.streams)
  func `Fifty restarts lose no answer`(transport: Transport) throws {
    let run = try RollingRestart(restarts: 50, over: transport)
    #expect(run.losses == [])
    #expect(run.answerCount > 5000)
  }
}
