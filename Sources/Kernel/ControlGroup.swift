// How much of the machine a container or a service may use: CPU time and memory of its control
// group and of every group above it, in both versions that kernels know, also at the same time.
// Pure: files are read through a closure, and what is missing or makes no sense is no limit.

/// The limits of the control groups that this process is in.
public struct ControlGroup {
  private let read: (String) -> String?
  /// Controllers of version 1 by name, and version 2 under an empty name.
  private let paths: [String: String]
  private let mounts: [Mount]

  /// One hierarchy as it can be seen from here.
  private struct Mount {
    /// The group that is seen at `point`: a container may be shown only its own.
    var root: String
    var point: String
    /// As in `paths`.
    var controllers: Set<String>
  }

  /// `read` gives a file's text, or nil when it cannot be read.
  public init(read: @escaping (String) -> String?) {
    self.read = read
    paths = Self.paths(in: read("/proc/self/cgroup") ?? "")
    mounts = Self.mounts(in: read("/proc/self/mountinfo") ?? "")
  }

  /// Cores worth of CPU time, rounded up; nil for no limit.
  public var coreLimit: Int? {
    let limits =
      files("cpu.max", of: "").map(Self.cores(inCPUMax:))
      + folders(of: "cpu").map { folder in
        Self.cores(
          quota: read("\(folder)/cpu.cfs_quota_us"), period: read("\(folder)/cpu.cfs_period_us"))
      }
    return limits.compactMap(\.self).min()
  }

  /// Bytes; nil for no limit.
  public var memoryLimit: Int? {
    let texts = files("memory.max", of: "") + files("memory.limit_in_bytes", of: "memory")
    return texts.compactMap { Self.number($0) }.min()
  }

  /// The texts of one file in the own group and in all above it.
  private func files(_ name: String, of controller: String) -> [String] {
    folders(of: controller).compactMap { read("\($0)/\(name)") }
  }

  /// The folders of the own group and of all above it, as far as they can be seen.
  private func folders(of controller: String) -> [String] {
    guard let path = paths[controller],
      let mount = mounts.first(where: { $0.controllers.contains(controller) })
    else { return [] }
    var names: [Substring] = []
    if mount.root == "/" {
      names = path.split(separator: "/")
    } else if path == mount.root || path.hasPrefix("\(mount.root)/") {
      names = path.dropFirst(mount.root.count).split(separator: "/")
    }
    // A path that leads out of what is mounted: only the top can be asked.
    if names.contains("..") { names = [] }
    return (0...names.count).reversed().map { count in
      ([mount.point] + names.prefix(count).map(String.init)).joined(separator: "/")
    }
  }

  /// Lines as `0::/path` and `4:cpu,cpuacct:/path`.
  private static func paths(in text: String) -> [String: String] {
    var paths: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
      for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
        paths[String(controller)] = String(fields[2])
      }
    }
    return paths
  }

  /// Lines as `31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct`.
  private static func mounts(in text: String) -> [Mount] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else {
        return nil
      }
      let controllers: Set<String>
      switch fields[dash + 1] {
      case "cgroup": controllers = Set(fields[dash + 3].split(separator: ",").map(String.init))
      case "cgroup2": controllers = [""]
      default: return nil
      }
      return Mount(
        root: unescaped(fields[3]), point: unescaped(fields[4]), controllers: controllers)
    }
  }

  /// Spaces and the like are written as `\040`.
  private static func unescaped(_ field: Substring) -> String {
    var (bytes, rest) = ([UInt8](), Array(field.utf8)[...])
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(3), as: UTF8.self)
      if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let code = UInt8(digits, radix: 8) {
        bytes.append(code)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `150000 100000`, or `max 100000` for no limit.
  private static func cores(inCPUMax text: String) -> Int? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 2 else { return nil }
    return cores(quota: String(words[0]), period: String(words[1]))
  }

  private static func cores(quota: String?, period: String?) -> Int? {
    // Without a limit the quota is no number, or -1.
    guard let quota = quota.flatMap(number), let period = period.flatMap(number), period > 0 else {
      return nil
    }
    return max(1, quota / period + (quota % period == 0 ? 0 : 1))
  }

  /// A positive number.
  private static func number(_ text: String) -> Int? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let number = Int(words[0]), number > 0 else { return nil }
    return number
  }
}
