// Promise: in a container or a service Portico counts the cores and the memory that it is given,
// not those of the machine, and files that make no sense limit nothing.

import Kernel
import Testing

@Suite(.timeLimit(.minutes(3))) struct ControlGroupTests {
  private func group(_ files: [String: String]) -> ControlGroup { ControlGroup { files[$0] } }

  /// One hierarchy of version 2 with the process in `/a/b`.
  private func version2(_ files: [String: String], path: String = "/a/b") -> ControlGroup {
    let system = [
      "/proc/self/cgroup": "0::\(path)\n",
      "/proc/self/mountinfo":
        "20 1 0:5 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - "
        + "cgroup2 cgroup2 rw,nsdelegate\n",
    ]
    return group(system.merging(files) { $1 })
  }

  /// Version 1 with the controllers that matter here, and version 2 beside it without any.
  private func version1(_ files: [String: String]) -> ControlGroup {
    let system = [
      "/proc/self/cgroup": "4:memory:/m/n\n2:cpu,cpuacct:/c\n1:name=systemd:/\n0::/\n",
      "/proc/self/mountinfo": [
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755",
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
        "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      ].joined(separator: "\n"),
    ]
    return group(system.merging(files) { $1 })
  }

  @Test("Without any files there is no limit")
  func nothing() {
    #expect(group([:]).coreLimit == nil && group([:]).memoryLimit == nil)
    #expect(version2([:]).coreLimit == nil && version1([:]).memoryLimit == nil)
  }

  @Test("The tightest of all groups above holds")
  func nested() {
    let limits = version2([
      "/sys/fs/cgroup/a/b/cpu.max": "800000 100000\n",
      "/sys/fs/cgroup/a/cpu.max": "250000 100000\n", "/sys/fs/cgroup/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/b/memory.max": "1073741824\n", "/sys/fs/cgroup/a/memory.max": "max\n",
      "/sys/fs/cgroup/memory.max": "536870912\n", "/sys/fs/cgroup/other/memory.max": "1\n",
    ])
    #expect(limits.coreLimit == 3)
    #expect(limits.memoryLimit == 536_870_912)
  }

  @Test(
    "A quota is cores, rounded up and at least one",
    arguments: [
      ("100000 100000", 1), ("100001 100000", 2), ("1 100000", 1), ("1600000 100000", 16),
      ("max 100000", nil), ("max", nil), ("100000", nil), ("100000 0", nil), ("", nil),
      ("-1 100000", nil), ("many few", nil), ("1 2 3", nil), ("99999999999999999999 1", nil),
    ] as [(String, Int?)])
  func quotas(text: String, cores: Int?) {
    #expect(version2(["/sys/fs/cgroup/a/b/cpu.max": text]).coreLimit == cores)
  }

  @Test("A container that sees its own group as the top is asked there")
  func container() {
    let files = ["/sys/fs/cgroup/cpu.max": "200000 100000"]
    #expect(version2(files, path: "/").coreLimit == 2)
    #expect(version2(files, path: "/../../elsewhere").coreLimit == 2)
  }

  @Test("Version 1 keeps each controller in a folder of its own")
  func version1() {
    let limits = version1([
      "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us": "150000\n",
      "/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/m/n/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/m/memory.limit_in_bytes": "268435456\n",
    ])
    #expect(limits.coreLimit == 2)
    #expect(limits.memoryLimit == 268_435_456)
    #expect(version1(["/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us": "1"]).coreLimit == nil)
  }

  @Test("A container of version 1 is shown its own group only, in a place that may have spaces")
  func version1Container() {
    let limits = group([
      "/proc/self/cgroup": "4:memory:/docker/abc/inner\n",
      "/proc/self/mountinfo": #"33 31 0:30 /docker/abc /cg\040x ro - cgroup cgroup rw,memory"#,
      "/cg x/memory.limit_in_bytes": "100",
      "/cg x/inner/memory.limit_in_bytes": "200",
    ])
    #expect(limits.memoryLimit == 100)
  }

  @Test("Garbage is no limit")
  func garbage() {
    var generator = SeededGenerator(test: "ControlGroup")
    let names = ["/proc/self/cgroup", "/proc/self/mountinfo", "/sys/fs/cgroup/cpu.max"]
    for _ in 0..<500 {
      var files: [String: String] = [:]
      for name in names {
        let bytes = generator.bytes(upTo: 60).map { " :/-\n\\01a"[Int($0) % 9] }
        files[name] = String(bytes)
      }
      _ = group(files).coreLimit
      _ = group(files).memoryLimit
    }
  }

  @Test("The machine's memory is read where the kernel writes it")
  func memory() {
    #expect(HostFacts.totalMemory(in: "MemTotal:  4028440 kB\nMemFree: 1 kB\n") == 4_125_122_560)
    for text in ["", "MemTotal: x kB", "MemTotal: 1", "MemTotal: 9223372036854775807 kB"] {
      #expect(HostFacts.totalMemory(in: text) == nil)
    }
    #expect((HostFacts.memoryByteCount ?? .max) > 1 << 20)
    #expect(HostFacts.coreCount >= 1)
  }
}

extension String {
  fileprivate subscript(offset: Int) -> Character { self[index(startIndex, offsetBy: offset)] }

  @Test("The machine's count of processes killed for want of memory is read, where it is told")
  func memoryKills() {
    #expect(HostFacts.outOfMemoryKillCount(in: "pgfault 7\noom_kill 12\nnr_free 1\n") == 12)
    for text in ["", "pgfault 7", "oom_kill x", "oom_kill "] {
      #expect(HostFacts.outOfMemoryKillCount(in: text) == nil)
    }
    #expect(HostFacts.outOfMemoryKillCount != nil)
  }
}
