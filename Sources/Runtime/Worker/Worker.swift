// A worker's life: read what the supervisor left, close the doors that a plugin must not open, load
// the plugin, say so, and run the loop until it is over.
//
//   1  what was inherited is moved out of a plugin's way, and closed on exec
//   2  crashes are recorded from here on; no memory becomes executable from here on
//   3  the plugin is loaded, described, and asked whether it wants to serve
//   4  the supervisor hears of it, and hands over sockets
//   5  the loop runs until it is drained or stopped
//   6  every on_close, then on_unload, then exit

internal import CKernel
internal import CPortico
internal import Control
internal import Glibc
internal import Kernel

/// The worker process.
public enum Worker {
  /// Runs until the supervisor ends it; the process's exit status.
  public static func main() -> Int32 {
    do {
      _ = ck_open_standard()
      _ = ck_survive_file_limit()
      let control = Immortal(try inheritedControl())
      return serve(control)
    } catch {
      // Nobody could be told.
      return 1
    }
  }

  /// Where the supervisor speaks.
  static func inheritedControl() throws(SystemError) -> PacketChannel {
    let moved = try OwnDescriptors.moveUp(InheritedDescriptor.control)
    return PacketChannel(guarding: Descriptor(owning: moved))
  }

  private static func serve(_ control: Immortal<PacketChannel>) -> Int32 {
    do {
      return try run(control)
    } catch {
      let reason = WorkerMessage.refused(reason: "\(error)")
      _ = control.value.send(reason.encoded())
      ck_flush_output()
      return 1
    }
  }

  private static func run(_ control: Immortal<PacketChannel>) throws -> Int32 {
    let configuration = try inheritedConfiguration()
    let sockets = try moveUpSockets(configuration)
    // Before libffi is asked for anything: it chooses its kind of mapping at its first.
    if !configuration.allowsWritableExecutable { try refuseWritableExecutable() }
    let page = try inheritedPage()
    page.value.build = HostVersion.build
    try page.recordCrashes()
    ck_line_buffer_output()
    let log = try OwnDescriptors.moveUp(InheritedDescriptor.log)
    let output = try OwnOutput.open()
    let core = try OwnDescriptors.takingLowNumbers {
      try Core.make(
        configuration: configuration, buffersFD: InheritedDescriptor.buffers, logFD: log,
        page: page, tallyFD: InheritedDescriptor.tally)
    }
    // What is mapped needs no descriptor any more.
    _ = ck_close(InheritedDescriptor.buffers)
    _ = ck_close(InheritedDescriptor.tally)
    core.value.keep(control.value.descriptor.rawValue, .control)
    for socket in sockets { core.value.keep(socket, .listener) }
    try dropPrivileges(configuration)
    // SAFETY: the array's storage is valid inside the closure; the call copies it.
    let watched = unsafe sockets.withUnsafeBufferPointer {
      unsafe ck_end_as_orphan(
        control.value.descriptor.rawValue, $0.baseAddress, $0.count, orphanTime_s)
    }
    try SystemError.check("prctl", watched)
    try PrintedOverflow.watch(output, page: page)
    let cutShort =
      if let uring = makeUring(core, control) {
        try host(core, on: uring, sockets, control)
      } else {
        try host(core, on: makeEpoll(core, control), sockets, control)
      }
    _ = control.value.send(WorkerMessage.drained(cutShort: cutShort).encoded())
    ck_flush_output()
    return 0
  }

  /// Loads the plugin and serves until it is over; how many connections were cut short. The tables
  /// of the backend are the host's own, and not to be counted as the plugin's.
  private static func host<IO: Backend & ~Copyable>(
    _ core: Immortal<Core>, on io: consuming IO, _ sockets: [Int32],
    _ control: Immortal<PacketChannel>
  ) throws -> UInt32 {
    let configuration = core.value.configuration
    let page = core.value.page
    try limitMemory(configuration, page)
    let image = try OwnDescriptors.moveUp(InheritedDescriptor.image)
    try core.value.guardForks()
    let report = try load(into: core, image: image)
    try SystemError.check("prctl", ck_set_dumpable(configuration.isDumpable ? 1 : 0))
    core.value.replies.reissue = core.value.handler.reissue(isStrict: configuration.isStrict)
    core.value.replies.replenish()
    if configuration.filters.isEmpty {
      return try serve(core, io, sockets, control, report)
    }
    let chain = FilterChain(
      configuration.filters, seed: configuration.filterSeed, worker: configuration.worker)
    let filtered = try Filtered(io, core: core, chain: chain)
    return try serve(core, filtered, sockets, control, report)
  }

  /// An orphan drains for 30 s; one that has not ended soon after that hangs in its handler.
  private static let orphanTime_s: UInt32 = 35

  /// Runs the loop; how many connections it cut short.
  private static func serve<IO: Backend & ~Copyable>(
    _ core: Immortal<Core>, _ io: consuming IO, _ sockets: [Int32],
    _ control: Immortal<PacketChannel>, _ report: PluginReport
  ) throws(SystemError) -> UInt32 {
    var loop = try Loop(core: core, io: io, sockets: sockets, control: control)
    _ = control.value.send(WorkerMessage.loaded(report).encoded())
    return loop.run()
  }

  /// Becomes the user and the group that the handler is to run as; nothing of what this process was
  /// before can be had back, and that is tried.
  private static func dropPrivileges(_ configuration: WorkerConfiguration) throws {
    guard let group = configuration.groupID else { return }
    let user = configuration.userID ?? Accounts.current.user
    let result = ck_become(user, group, configuration.isDumpable ? 1 : 0)
    guard result == 0 else {
      throw PluginRejection(
        description: "the worker cannot become user \(user) and group \(group): "
          + SystemError("setresuid", code: -result).reason)
    }
    guard ck_is_only(user, group) == 1 else {
      throw PluginRejection(
        description:
          "the worker became user \(user) and group \(group), but can still be root again")
    }
  }

  /// `--worker-memory`: what the plugin may take on top of what this process has by now.
  static func limitMemory(
    _ configuration: WorkerConfiguration, _ page: SharedPage
  ) throws(SystemError) {
    guard configuration.workerMemory > 0 else { return }
    let present = ck_limit_more_data(UInt64(configuration.workerMemory))
    page.value.data_start = UInt64(try SystemError.check("setrlimit", present))
  }

  /// Loads the plugin behind `image`, and lets it refuse.
  static func load(into core: Immortal<Core>, image: Int32) throws(PluginRejection) -> PluginReport
  {
    let page = core.value.page
    var loader = try PluginLoader(core.value.configuration, image: image, page: page)
    core.value.handler = loader.handler
    let host = unsafe HostServices.table(for: core)
    unsafe try loader.start(host, core: core)
    return loader.report
  }

  private static func moveUpSockets(
    _ configuration: WorkerConfiguration
  ) throws(SystemError) -> [Int32] {
    var sockets: [Int32] = []
    for place in configuration.sockets.indices {
      sockets.append(
        try OwnDescriptors.moveUpListener(InheritedDescriptor.firstSocket + Int32(place)))
    }
    return sockets
  }

  /// The page that the supervisor sees; mapped, it needs no descriptor.
  static func inheritedPage() throws(SystemError) -> SharedPage {
    let page = try SharedPage(fd: InheritedDescriptor.page)
    _ = ck_close(InheritedDescriptor.page)
    return page
  }

  /// What the supervisor wants. The variables that only this process needed are as the operator set
  /// them from here on: children of the plugin must not get them.
  static func inheritedConfiguration() throws -> WorkerConfiguration {
    let configuration = try WorkerConfiguration(
      decoding: inherited(InheritedDescriptor.configuration))
    for variable in configuration.restoredVariables {
      // SAFETY: both texts are valid during the call, which copies them.
      try SystemError.check("setenv", unsafe ck_restore_variable(variable.name, variable.value))
    }
    return configuration
  }

  /// The contents of a memory file that was handed down, which is closed then.
  static func inherited(_ fd: Int32) throws(SystemError) -> [UInt8] {
    var size: Int64 = 0
    // SAFETY: the kernel writes one number; the mapping outlives the copy.
    _ = unsafe ck_regular_size(fd, &size)
    let mapping = try Mapping(sharing: fd, byteCount: Int(size), writable: false)
    let bytes = unsafe [UInt8](mapping.bytes)
    _ = ck_close(fd)
    return bytes
  }

  /// From here on no memory of this process can be written and executed; libffi then maps its
  /// closures twice. Kernels before 6.3 cannot; those before 6.6 cannot without inheriting it.
  static func refuseWritableExecutable() throws {
    let result = ck_refuse_exec_gain()
    guard result < 0 else { return }
    try SystemError.check("seccomp", ck_filter_exec_gain())
  }
}
