// What a bad network needs of a machine: TUN devices, and namespaces to put them in. Taken from
// the capabilities that this process has, or else from a user namespace. Where neither can be had,
// a sentence says what is missing and who could help.

internal import Glibc
internal import Kernel
internal import Lab

/// Why a run was not possible, or broke off.
public struct RunFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the program ends with, as in sysexits.h: 69 for what the machine does not give, 70 for a
  /// server that was never ready, 71 for a system call that failed, 73 for a file that cannot be
  /// written.
  public let status: Int32
  /// One sentence.
  public let description: String

  static func unavailable(_ sentence: String) -> RunFailure {
    RunFailure(status: 69, description: sentence)
  }

  static func kernel(_ error: SystemError) -> RunFailure {
    RunFailure(status: 71, description: "the link broke: \(error)")
  }
}

/// Gets what a run needs, or says why not.
enum Rights {
  private static let device = "/dev/net/tun"
  private static let asRoot =
    "run it as root, or in a container with --cap-add SYS_ADMIN --cap-add NET_ADMIN"

  /// Moves this process to the first place. In a user namespace if told so, or if there is no other
  /// way; only before any thread was started.
  static func firstPlace(
    address: String, insistsOnUserNamespace: Bool
  ) throws(RunFailure) -> Relay.Place {
    do throws(SystemError) {
      try TunDevice.probe(device)
    } catch {
      throw .unavailable(devicelessness(error))
    }
    if !insistsOnUserNamespace {
      do throws(SystemError) {
        return try Relay.Place(address: address)
      } catch {
        // Not allowed, so far.
        guard error.code == EPERM else { throw .unavailable(placelessness(error)) }
      }
    }
    do throws(SystemError) {
      try NetworkNamespace.becomeRoot(user: geteuid(), group: getegid())
    } catch {
      throw .unavailable(namespacelessness(error))
    }
    return try furtherPlace(address: address)
  }

  /// Moves this process on.
  static func furtherPlace(address: String) throws(RunFailure) -> Relay.Place {
    do throws(SystemError) {
      return try Relay.Place(address: address)
    } catch {
      throw .unavailable(placelessness(error))
    }
  }

  /// No TUN device: why, and what helps.
  static func devicelessness(_ error: SystemError) -> String {
    switch error.code {
    case ENOENT, ENODEV, ENXIO:
      "there is no \(device), which the link is made of: `modprobe tun` as root makes it, and a "
        + "container is started with --device \(device)"
    case EACCES:
      "\(device) is not for this user (user namespaces do not help with that): run it as root, or "
        + "allow it with `chmod 666 \(device)`, as most distributions do"
    case EPERM:
      "this container may not open \(device): start it with --device \(device)"
    default:
      "\(device) cannot be opened: \(error.reason)"
    }
  }

  /// No user namespace.
  static func namespacelessness(_ error: SystemError) -> String {
    switch error.code {
    case ENOSPC, EUSERS:
      "no user namespace can be made, the system's limit is reached: raise it with `sysctl -w "
        + "user.max_user_namespaces=10000`, or \(asRoot)"
    case EPERM, EACCES:
      "namespaces are refused here: \(asRoot), or allow user namespaces with `sysctl -w "
        + "kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu) or `sysctl -w "
        + "kernel.unprivileged_userns_clone=1` (Debian); this failed: \(error)"
    case EINVAL, ENOSYS:
      "this kernel has no user namespaces (\(error)): \(asRoot)"
    default:
      "no user namespace can be made (\(error)): \(asRoot)"
    }
  }

  /// No network namespace, or no device in it.
  static func placelessness(_ error: SystemError) -> String {
    switch (error.call, error.code) {
    case ("open", _): devicelessness(error)
    case ("unshare", ENOSPC):
      "no network namespace can be made, the system's limit is reached: raise it with `sysctl -w "
        + "user.max_net_namespaces=10000`"
    case ("unshare", EINVAL), ("unshare", ENOSYS):
      "this kernel has no network namespaces"
    case (_, EPERM), (_, EACCES):
      "namespaces can be made here, but not used (\(error)): \(asRoot), or allow them with "
        + "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu)"
    default:
      "the network cannot be set up: \(error)"
    }
  }
}
