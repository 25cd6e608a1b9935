// A plugin driven without sockets, in a process that may die of it. Born with the same descriptors
// as a worker, but for the sockets.

internal import CKernel
internal import Control
internal import Kernel

/// The probe process.
public enum Probe {
  /// `inspect`: loads the plugin, does not start it, reports, and exits.
  public static func inspect() -> Int32 {
    let control = PacketChannel(Descriptor(owning: InheritedDescriptor.control))
    let message: WorkerMessage
    do {
      let configuration = try Worker.inheritedConfiguration()
      if !configuration.allowsWritableExecutable { try Worker.refuseWritableExecutable() }
      let loader = try PluginLoader(
        path: configuration.pluginPath, image: InheritedDescriptor.image, page: SharedPage())
      message = .loaded(loader.report)
    } catch {
      message = .refused(reason: "\(error)")
    }
    return control.send(message.encoded()) ? 0 : 1
  }
}
