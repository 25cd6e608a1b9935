// Which backend a worker gets: what was asked for where that is to be had, otherwise epoll, which
// always is, with a line in the log that says why. It is tried here, in the worker and as the user
// that it runs as, since containers and services forbid io_uring to some processes and not to
// others.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

extension Worker {
  /// What `auto` stands for: what measures better (`make bench`), on the whole. The page Backends
  /// has the figures: it is better on some kinds of work and a little worse on others.
  private static let best = BackendName.uring

  static func makeEpoll(
    _ core: Immortal<Core>, _ control: Immortal<PacketChannel>
  ) throws(SystemError) -> Epoll {
    core.value.page.value.backend = CK_BACKEND_EPOLL.rawValue
    let configuration = core.value.configuration
    let epoll = try Epoll(
      connections: configuration.maxConnections, sockets: max(1, configuration.sockets.count),
      wake: core.value.wake, control: control.value.descriptor.rawValue)
    core.value.keep(epoll.descriptor, .events)
    return epoll
  }

  /// nil where it is not wanted, or not to be had, which is logged.
  static func makeUring(
    _ core: Immortal<Core>, _ control: Immortal<PacketChannel>
  ) -> Uring? {
    let configuration = core.value.configuration
    let wanted = configuration.backend == .auto ? best : configuration.backend
    guard wanted == .uring else { return nil }
    let byteCount = UringBuffers(receiveSize: configuration.receiveSize).byteCount
    do throws(SystemError) {
      guard let memory = unsafe core.value.buffers.reserve(byteCount: byteCount) else {
        throw SystemError("reserve", code: ENOMEM)
      }
      // SAFETY: so many bytes were reserved, in a mapping that is never undone.
      let uring = try unsafe Uring(
        connections: configuration.maxConnections, sockets: max(1, configuration.sockets.count),
        wake: core.value.wake, control: control.value.descriptor.rawValue, memory: memory,
        receiveSize: configuration.receiveSize)
      for descriptor in uring.descriptors { core.value.keep(descriptor, .events) }
      core.value.page.value.backend = CK_BACKEND_URING.rawValue
      return uring
    } catch {
      // Whoever asked for it is warned; for everybody else this is how it should be.
      core.value.log.write(
        configuration.backend == .uring ? .warning : .info,
        "io_uring is not available: \(reason(for: error)); serving with epoll")
      return nil
    }
  }

  /// What stands in the way, as far as the kernel lets on.
  private static func reason(for error: SystemError) -> String {
    switch error.code {
    case ENOSYS: "the kernel has none, or a seccomp filter hides it (\(error))"
    case EPERM, EACCES:
      if let setting = disabledSetting {
        "sysctl kernel.io_uring_disabled is \(setting)"
      } else {
        "a seccomp filter or another policy forbids it (\(error))"
      }
    case EINVAL, EOPNOTSUPP: "the kernel is older than 6.1, or lacks a part of it (\(error))"
    case _: "\(error)"
    }
  }

  /// 1 or 2 where an administrator has switched io_uring off; nil elsewhere.
  private static var disabledSetting: String? {
    let path = "/proc/sys/kernel/io_uring_disabled"
    guard let bytes = try? Files.contents(of: path, limit: 16), let first = bytes.first,
      first == UInt8(ascii: "1") || first == UInt8(ascii: "2")
    else { return nil }
    return String(UnicodeScalar(first))
  }
}
