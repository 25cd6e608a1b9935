// Carries packets between the two kernels: out of one device, over the link, into the other. It
// also waits for everything else that a run waits for, since there is one thread.

internal import Kernel
internal import Lab

/// The devices, the link between them, and the capture of what crosses it.
struct Relay: ~Copyable {
  /// What a poller reports, and not the relay's own business.
  typealias Token = UInt64
  private static let timerToken = Token.max
  // More is let in than out: a burst waits on the link, where there is room, and not in the device.
  private static let intake = 512
  private static let output = 128

  let server: Place
  let client: Place
  private(set) var link: Link
  private let poller: Poller
  private var timer: DeadlineTimer
  private var capture: CaptureFile?
  /// Between the clock of the link and that of captures.
  private let calendarOffset: UInt64

  /// An end of the link: a namespace and its device.
  struct Place: ~Copyable {
    let namespace: NetworkNamespace
    let device: TunDevice
    static let interface = "link0"

    /// Moves this process there.
    init(address: String) throws(SystemError) {
      let namespace = try NetworkNamespace()
      device = try TunDevice(name: Self.interface, address: address, mask: "255.255.255.0")
      self.namespace = namespace
    }
  }

  /// A link that is up from now on.
  init(
    server: consuming Place, client: consuming Place, link: consuming Link,
    capture: consuming CaptureFile?
  ) throws(SystemError) {
    let poller = try Poller()
    let timer = try DeadlineTimer()
    try poller.add(server.device.descriptor.rawValue, token: Self.timerToken - 1)
    try poller.add(client.device.descriptor.rawValue, token: Self.timerToken - 1)
    try poller.add(timer.descriptor.rawValue, token: Self.timerToken)
    self.poller = poller
    self.timer = timer
    self.server = server
    self.client = client
    self.link = link
    self.capture = capture
    // A calendar that was never set may be behind the time since the machine was started.
    calendarOffset = Instants.calendar &- Instants.now
  }

  /// From now on `turn` also reports when that descriptor can be read.
  func add(_ fd: Int32, token: Token) throws(SystemError) {
    try poller.add(fd, token: token)
  }

  /// Forgets a descriptor.
  func remove(_ fd: Int32) { poller.remove(fd) }

  /// Carries what there is to carry, waiting for it at most that long; what else can be read.
  mutating func turn(timeout: Duration?) throws(SystemError) -> [Token] {
    let tokens = try poller.wait(timeout: timeout)
    for _ in 0..<Self.intake {
      let fromClient = try client.device.receive()
      if let fromClient { link.enter(fromClient, .toServer, now: Instants.now) }
      let fromServer = try server.device.receive()
      if let fromServer { link.enter(fromServer, .toClient, now: Instants.now) }
      if fromClient == nil, fromServer == nil { break }
    }
    try release()
    try timer.arm(at: link.nextDue)
    return tokens.filter { $0 < Self.timerToken - 1 }
  }

  private mutating func release() throws(SystemError) {
    let until = Instants.now
    for _ in 0..<Self.output {
      guard let arrival = link.next(at: until) else { return }
      let now = Instants.now
      let isWritten =
        arrival.direction == .toServer
        ? server.device.send(arrival.bytes) : client.device.send(arrival.bytes)
      guard isWritten else {
        link.overflowed(arrival.direction)
        continue
      }
      link.came(arrival, now: now)
      try capture?.add(arrival.bytes, calendar_us: (now &+ calendarOffset) / 1000)
    }
  }

  /// Writes the rest of the capture, and adds to the account what the devices did not even let in.
  mutating func finish() throws(SystemError) {
    try capture?.flush()
    let lost = (
      try KernelCounters.droppedBySender(Place.interface, in: client.namespace.deviceText()),
      try KernelCounters.droppedBySender(Place.interface, in: server.namespace.deviceText())
    )
    link.overflowed(.toServer, by: lost.0)
    link.overflowed(.toClient, by: lost.1)
  }
}
