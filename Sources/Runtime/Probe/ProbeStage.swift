// A plugin on the host's own loop, without sockets: the core of a worker under the strictest rule
// for replies, the network in memory, and the tap on the handler. Whoever drives it puts clients'
// bytes into the network and turns the loop.

internal import CKernel
internal import Control
internal import Kernel

@safe struct ProbeStage: ~Copyable {
  let core: Immortal<Core>
  let network: Immortal<MemoryNetwork>
  let tap: Immortal<HandlerTap>
  let channel: ProbeChannel
  let report: PluginReport
  var loop: Loop<InMemory>

  /// Loads the plugin that this process was started for.
  init(channel: ProbeChannel) throws {
    let configuration = try Worker.inheritedConfiguration()
    // Before libffi is asked for anything: it chooses its kind of mapping at its first.
    if !configuration.allowsWritableExecutable { try Worker.refuseWritableExecutable() }
    let page = try Worker.inheritedPage()
    try page.recordCrashes()
    ck_line_buffer_output()
    let log = try OwnDescriptors.moveUp(InheritedDescriptor.log)
    let core = try OwnDescriptors.takingLowNumbers {
      try Core.make(
        configuration: configuration, buffersFD: InheritedDescriptor.buffers, logFD: log,
        page: page)
    }
    _ = ck_close(InheritedDescriptor.buffers)
    core.value.keep(channel.packets.value.descriptor.rawValue, .control)
    core.value.services.localWithoutSocket = MemoryNetwork.local
    try Worker.limitMemory(configuration, page)
    let image = try OwnDescriptors.moveUp(InheritedDescriptor.image)
    try core.value.guardForks()
    let report = try Worker.load(into: core, image: image)
    core.value.replies.reissue = core.value.handler.reissue(isStrict: configuration.isStrict)
    core.value.replies.replenish()
    let network = Immortal(MemoryNetwork(core: core))
    let tap = HandlerTap.install(in: core)
    var loop = try Loop(
      core: core, io: InMemory(network: network), sockets: [MemoryNetwork.listener],
      control: channel.packets)
    loop.stage = .serving
    loop.poll([0])
    self.core = core
    self.network = network
    self.tap = tap
    self.channel = channel
    self.report = report
    self.loop = loop
  }

  var page: SharedPage { core.value.page }

  /// One turn of the loop; when nothing is there it may wait so long for a thread or a timer.
  mutating func turn(patience_ms: Int32 = 0) {
    network.value.patience_ms = patience_ms
    loop.turn()
  }

  /// From here on requests lie between pages that cannot be touched.
  func guardRequests() throws(SystemError) {
    // What is left over of a frame, and a receive behind it.
    let frame = core.value.frameLimit + core.value.limits.receiveSize
    tap.value.guarded = try GuardedRequest(byteCount: 2 * frame + 8192)
  }

  /// Ends the worker: every `on_close`, then `on_unload`.
  mutating func end() {
    loop.poll([])
    loop.stage = .ended
    _ = loop.run()
    ck_flush_output()
  }
}
