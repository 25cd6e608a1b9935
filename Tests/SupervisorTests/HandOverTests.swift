// The promise: a reload is over when every old worker has let go of the sockets, and not before.

import Testing

@testable import Supervisor

@Suite(.timeLimit(.minutes(3))) struct HandOverTests {
  private let deadline = Moment.now + .seconds(1)

  @Test func `The last of those who were told to let go ends it, once`() {
    var handOver = HandOver(from: [7, 8, 9], by: deadline)
    #expect(!handOver.isOver && handOver.deadline == deadline)
    let first = handOver.released(8)
    let again = handOver.released(8)
    let second = handOver.released(7)
    #expect(!first && !again && !second && !handOver.isOver)
    let last = handOver.released(9)
    #expect(last && handOver.isOver)
    let late = handOver.released(9)
    #expect(!late, "it ends once")
  }

  @Test func `A worker that nobody waits for ends nothing`() {
    var handOver = HandOver(from: [7], by: deadline)
    let stranger = handOver.released(1)
    #expect(!stranger && !handOver.isOver)
  }

  @Test func `Without old workers there is nothing to wait for`() {
    #expect(HandOver(from: [], by: deadline).isOver)
  }
}
