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

  /// Puts /dev/null on each of stdin, stdout and stderr that this process was started without;
  /// before anything else is opened. Ends the process where there is none.
  public static func openStandardDescriptors() {
    guard ck_open_standard() < 0 else { return }
    let text = "portico: stdin, stdout or stderr is closed, and /dev/null cannot be opened\n"
    // SAFETY: the text is valid inside the closure.
    _ = unsafe text.utf8.withContiguousStorageIfAvailable {
      unsafe ck_write(2, $0.baseAddress, $0.count)
    }
    exit(1)
  }

  /// Cores this process may run on, or as many as its control group gives it the time of.
  public static var coreCount: Int {
    let limit = ControlGroup(read: text(of:)).coreLimit ?? .max
    return max(1, min(Int(ck_core_count()), limit))
  }

  /// Memory of the machine, or as much of it as the control group allows; nil when that cannot be
  /// told.
  public static var memoryByteCount: Int? {
    let limits = [
      text(of: "/proc/meminfo").flatMap(totalMemory(in:)),
      ControlGroup(read: text(of:)).memoryLimit,
    ]
    return limits.compactMap(\.self).min()
  }

  /// Bytes, from a text as /proc/meminfo is: `MemTotal:  4028440 kB`. Pure.
  public static func totalMemory(in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]), kibibytes > 0 else {
        return nil
      }
      let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
      return overflow ? nil : bytes
    }
    return nil
  }

  /// Processes of the machine that the kernel has killed for want of memory; nil when it does not
  /// say.
  public static var outOfMemoryKillCount: Int? {
    text(of: "/proc/vmstat").flatMap(outOfMemoryKillCount(in:))
  }

  /// The same from a text as /proc/vmstat is: `oom_kill 2`. Pure.
  public static func outOfMemoryKillCount(in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
      return line.split(separator: " ").last.flatMap { Int($0) }
    }
    return nil
  }

  private static func text(of path: String) -> String? {
    (try? Files.contents(of: path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The most descriptors a child may open.
  public static var hardDescriptorLimit: Int { max(0, Int(ck_hard_descriptor_limit())) }

  /// How large a file of this process may become, memory files too (RLIMIT_FSIZE); nil for no
  /// limit.
  public static var fileByteLimit: Int? {
    let limit = ck_file_limit()
    return limit == .max ? nil : Int(limit)
  }

  /// A file that would become larger than that is an error from here on, and does not end this
  /// process.
  public static func surviveFileLimit() { _ = ck_survive_file_limit() }

  /// Makes room for so many open descriptors here, as far as is allowed. Not more than needed:
  /// children inherit the limit, and some programs suffer from a high one.
  public static func reserveDescriptors(_ count: Int) { _ = ck_reserve_descriptors(Int64(count)) }

  /// Of this process.
  public static var processID: Int32 { getpid() }

  /// Does this process's limit of core files (RLIMIT_CORE) ask for any?
  public static var wantsCoreFiles: Bool { ck_wants_core_files() == 1 }

  /// In which /proc counts the time of processors.
  public static var clockTicksPerSecond: Int { max(1, sysconf(Int32(_SC_CLK_TCK))) }

  /// In which /proc counts memory.
  public static var pageByteCount: Int { max(1, sysconf(Int32(_SC_PAGESIZE))) }

  /// Nanoseconds since 1970.
  public static var realtime_ns: UInt64 { ck_realtime_ns() }
}
