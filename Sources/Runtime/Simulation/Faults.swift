// What the simulated kernel does wrong in a schedule, and how often. Each number is "once in so
// many times", 0 for never: a schedule with every fault at once would never get past the first, so
// most schedules have a few, and some have none.

/// How often each fault is injected.
struct Faults: BitwiseCopyable {
  /// One accept fails with what is nobody's fault, or for want of something.
  var acceptFails = 0
  /// Registering a listener fails for want of memory.
  var armFails = 0
  /// A receive gives less than there is.
  var shortReceive = 0
  /// A receive fails although the client is fine.
  var receiveFails = 0
  /// The kernel takes less than it has room for.
  var shortSend = 0
  /// A send fails: a broken connection, or no memory in the kernel.
  var sendFails = 0
  /// Something that is there is delivered later.
  var holdBack = 0
  /// A completion for a client comes after the client was closed.
  var lateAfterClose = 0
  /// A listener delivers once more after it was disarmed.
  var lateAccept = 0
  /// A wait returns with nothing.
  var spuriousWake = 0
  /// A socket is said to take bytes, and takes none.
  var spuriousSendable = 0
  /// The clock stands far later after a wait.
  var clockJump = 0

  init() {}

  /// Some faults, by the dice.
  init(_ random: inout SeededRandom) {
    if random.once(in: 8) { return }
    func some(_ often: Int, _ seldom: Int, _ random: inout SeededRandom) -> Int {
      switch random.below(4) {
      case 0: often
      case 1: seldom
      default: 0
      }
    }
    acceptFails = some(3, 12, &random)
    armFails = some(0, 6, &random)
    shortReceive = some(2, 6, &random)
    receiveFails = some(60, 400, &random)
    shortSend = some(2, 6, &random)
    sendFails = some(40, 300, &random)
    holdBack = some(3, 10, &random)
    lateAfterClose = some(1, 3, &random)
    lateAccept = some(1, 3, &random)
    spuriousWake = some(4, 20, &random)
    spuriousSendable = some(3, 10, &random)
    clockJump = some(30, 200, &random)
  }
}
