// The client: one thread that sends what is due, takes what comes, and ends when there is no more
// to wait for. What is due and what it comes to are pure (`Schedule`, `Resender`, `ClientLedger`);
// here are the sockets and the clock.

public import Kernel
internal import Lab

/// A client that counts, in the middle of its run.
public struct ClientRun: ~Copyable {
  let plan: ClientPlan
  var schedule: Schedule
  var resender: Resender?
  var ledger: ClientLedger
  let poller: SocketPoller
  /// By token. A lane that is over is nil, and its socket closed.
  var lanes: [Lane?] = []
  var room = [UInt8](repeating: 0, count: 1 << 16)
  let began = ContinuousClock.now
  /// When something last happened that an answer may be expected after.
  var lastNews_us = 0
  var ending: ClientReport.Ending?
  private var isInterrupted = false

  private static let interruption = UInt64.max

  private init(_ plan: ClientPlan) throws(SystemError) {
    self.plan = plan
    schedule = Schedule(
      count: plan.count, burst: plan.burst, pause_us: plan.pause.whole_us,
      isLockstep: plan.waitsForEach)
    resender = plan.resendAfter.map {
      Resender(after_us: $0.whole_us, mostResends: ClientPlan.mostResends)
    }
    ledger = ClientLedger(plan: plan)
    poller = try SocketPoller()
    lastNews_us = plan.readAfter.whole_us
  }

  /// Runs a plan that is valid, to its end or until `interruption` can be read. What the network
  /// and the server do is in the report; throws when this machine has no more descriptors.
  public static func run(
    _ plan: ClientPlan, until interruption: borrowing Descriptor
  ) throws(SystemError) -> ClientReport {
    HostFacts.reserveDescriptors(plan.sockets == .many ? plan.count + 64 : 64)
    var run = try ClientRun(plan)
    try run.poller.watch(
      interruption.rawValue, token: Self.interruption, receiving: true, sending: false)
    if plan.sockets == .one {
      run.open()
    } else {
      run.schedule.begin(at: 0)
    }
    while run.ending == nil {
      try run.advance()
      if run.ending == nil { try run.wait(atMost: run.timeToNext) }
    }
    if run.ledger.isAnyAnswered { try run.stay() }
    return run.ledger.report
  }

  var now_us: Int { (ContinuousClock.now - began).whole_us }
  var isReading: Bool { now_us >= plan.readAfter.whole_us }

  /// Keeps all sockets, and listens on them. A stream is ended first, and has nothing more to say
  /// when the server has ended it too.
  private mutating func stay() throws(SystemError) {
    let until_us = now_us + plan.stay.whole_us
    if plan.sockets == .one, plan.server.isStream, let lane = lanes[0], lane.state == .open {
      lane.socket.endSending()
      lane.state = .ending
    }
    while !isInterrupted, now_us < until_us, plan.sockets == .many || lanes[0]?.state != .over {
      try wait(atMost: .microseconds(until_us - now_us))
    }
  }

  /// Ends the run, once.
  mutating func end(_ ending: ClientReport.Ending, _ trouble: String? = nil) {
    guard self.ending == nil else { return }
    self.ending = ending
    ledger.end(ending, trouble, at: now_us)
  }

  /// Nothing works any more.
  mutating func fail(_ trouble: String) {
    end(ledger.report.connect_us == nil && !ledger.isAnyAnswered ? .unconnected : .broken, trouble)
  }

  private mutating func wait(atMost time: Duration) throws(SystemError) {
    let isReading = isReading
    for index in lanes.indices { try watch(index, isReading) }
    for ready in try poller.wait(atMost: time) {
      if ready.token == Self.interruption {
        isInterrupted = true
        end(.incomplete, "interrupted")
        return
      }
      handle(ready)
    }
  }

  /// Tells the poller what this socket waits for now. One that is over was forgotten: its end would
  /// be reported again and again.
  private func watch(_ index: Int, _ isReading: Bool) throws(SystemError) {
    guard let lane = lanes[index], lane.state != .over else { return }
    let isConnecting = lane.state == .connecting
    let wanted = (
      receiving: isReading && !isConnecting, sending: isConnecting || lane.isBlocked
    )
    guard lane.watched.map({ $0 != wanted }) ?? true else { return }
    lane.watched = wanted
    try poller.watch(
      lane.socket.descriptor.rawValue, token: lane.token, receiving: wanted.receiving,
      sending: wanted.sending)
  }
}
