// Asks portico-probe about a plugin: the plugin runs there, in a process that is thrown away, so
// whatever it does cannot hurt whoever wants to know.

package import Control
internal import Kernel

/// What became of a probe.
package enum ProbeOutcome: Sendable {
  case loaded(PluginReport)
  /// One sentence.
  case bad(reason: String)
}

/// Loads plugins in throw-away processes.
package struct PluginProbe {
  package static let timeout = Duration.seconds(10)

  private let installation: Installation

  private let environment: WorkerEnvironment

  private let trust: PluginTrust

  package init(
    _ installation: Installation, _ environment: WorkerEnvironment, trust: PluginTrust
  ) {
    self.installation = installation
    self.environment = environment
    self.trust = trust
  }

  /// Waits for the probe, 10 s at most. Throws when there is no probe or no such file.
  package func inspect(_ image: PluginImage) throws(StartFailure) -> ProbeOutcome {
    let program = try installation.executable("portico-probe")
    do throws(SystemError) {
      var configuration = WorkerConfiguration()
      configuration.pluginPath = image.path
      configuration.restoredVariables = environment.restored
      configuration.libraryPath = environment.libraryPath
      configuration.trustedUsers = trust.users
      let file = try MemoryFile(name: "portico configuration", contents: configuration.encoded())
      let nothing = try Files.openNothing()
      return try PacketChannel.pair { (mine, its) throws(SystemError) in
        var process = try ChildProcess(
          path: program,
          arguments: ["portico-probe", "inspect", PluginLocator.name(ofFile: image.path)],
          environment: environment.forStart,
          inherited: [
            .init(nothing.rawValue, as: 0), .init(nothing.rawValue, as: 1),
            .init(nothing.rawValue, as: 2),
            .init(its.descriptor.rawValue, as: InheritedDescriptor.control),
            .init(file.descriptor.rawValue, as: InheritedDescriptor.configuration),
            .init(image.file.descriptor.rawValue, as: InheritedDescriptor.image),
          ], group: .own)
        _ = consume its
        return Self.answer(of: &process, on: mine, path: image.path)
      }
    } catch {
      throw StartFailure("portico-probe cannot be started: \(error)")
    }
  }

  private static func answer(
    of process: inout ChildProcess, on channel: borrowing PacketChannel, path: String
  ) -> ProbeOutcome {
    let deadline = Moment.now + timeout
    while channel.descriptor.isReadable(within: deadline - .now) {
      switch channel.receive() {
      case .nothing: continue
      case .packet(let packet): return outcome(of: packet, path: path)
      case .ended:
        // The channel ends a moment before the process can be waited for.
        while Moment.now < deadline {
          if let reason = process.poll() {
            return .bad(reason: "\(path): the plugin crashes while it loads: the probe \(reason)")
          }
          _ = channel.descriptor.isReadable(within: .milliseconds(2))
        }
      }
    }
    return .bad(
      reason: "\(path): the plugin did not finish loading within 10 s: "
        + "it hangs in a constructor or in on_load")
  }

  private static func outcome(of packet: [UInt8], path: String) -> ProbeOutcome {
    switch try? WorkerMessage(decoding: packet) {
    case .loaded(let report): .loaded(report)
    case .refused(let reason): .bad(reason: reason)
    case .drained, .spent, .released, nil:
      .bad(reason: "\(path): the plugin made the probe send something that is no report")
    }
  }
}
