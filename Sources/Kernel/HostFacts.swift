// What this process was given by whoever started it, and by the machine.

internal import CKernel
internal import Glibc

/// Facts about the process's surroundings.
public enum HostFacts {
  /// `NAME=VALUE` each.
  public static var environment: [String] {
    var entries: [String] = []
    // SAFETY: environ ends with a NULL, and nothing here changes it (there is no setenv).
    unsafe ck_environment().map { table in
      var index = 0
      while let entry = unsafe table[index] {
        entries.append(unsafe String(cString: entry))
        index += 1
      }
    }
    return entries
  }

  /// The value of an environment variable, or nil.
  public static func variable(_ name: String) -> String? {
    environment.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.utf8.count + 1)) }
  }

  /// Cores this process may run on.
  public static var coreCount: Int { max(1, Int(ck_core_count())) }

  /// The most descriptors a child may open.
  public static var hardDescriptorLimit: Int { max(64, Int(ck_hard_descriptor_limit())) }

  /// Makes room for so many open descriptors here, as far as is allowed. Not more than needed:
  /// children inherit the limit, and some programs suffer from a high one.
  public static func reserveDescriptors(_ count: Int) { _ = ck_reserve_descriptors(Int64(count)) }

  /// Of this process.
  public static var processID: Int32 { getpid() }

  /// Nanoseconds since 1970.
  public static var realtime_ns: UInt64 { ck_realtime_ns() }
}
