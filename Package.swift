// swift-tools-version: 6.3
import PackageDescription

#if !(os(Linux) && canImport(Glibc))
  fatalError("Portico needs Linux with glibc: epoll, memory files and dlopen of its plugins")
#endif

// CI builds with PORTICO_WARNINGS=error; elsewhere a newer compiler's warning must not stop a user.
let warnings: [SwiftSetting] =
  Context.environment["PORTICO_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []

// The layers of the product, lowest last; each target may use only those below it.
let strict: [SwiftSetting] =
  [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + warnings

// The shims use accept4, memfd_create and the like. Swift's own Glibc module has to be read under
// the same definition, otherwise the two disagree about what a header declares.
let kernel: [SwiftSetting] = strict + [.unsafeFlags(["-Xcc", "-D_GNU_SOURCE"])]

// What runs in a worker uses neither tasks nor regular expressions. The compiler imports both into
// every file all the same, and with each import comes a library that every worker would load at
// its start: a millisecond and half a megabyte.
let lean: [SwiftSetting] = [
  .unsafeFlags([
    "-Xfrontend", "-disable-implicit-concurrency-module-import",
    "-Xfrontend", "-disable-implicit-string-processing-module-import",
  ])
]

// Addresses of functions in other libraries are looked up at the start and cannot be changed after.
let readOnly = ["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"]

// A program of Portico's finds its runtime by its own run path (DT_RPATH, which comes before any
// variable of the loader), and its debug file by its number.
let program: [LinkerSetting] = [
  .unsafeFlags(readOnly + ["-Xlinker", "--disable-new-dtags", "-Xlinker", "--build-id=sha1"])
]

// What the compiler of C has against overruns. (Swift's own checks are always on.)
let guarded: [CSetting] = [
  .unsafeFlags(["-fstack-protector-strong"]),
  .unsafeFlags(["-D_FORTIFY_SOURCE=2"], .when(configuration: .release)),
]

// Tests start processes and talk to them over raw sockets; the strict rules are the product's.
let tests: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  ] + warnings

// What tests wait with and what reads the whole repository is optimised, in a debug build too: it
// is not what is tested, and would take most of the time.
let quick: [SwiftSetting] = [.unsafeFlags(["-O"])]

// Plugins in Swift are built as an author would build them.
let author: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")] + warnings

let plugin: [CSetting] = [.headerSearchPath("../../Sources/CPortico/include")] + guarded
let library: [LinkerSetting] = [
  .unsafeFlags(readOnly + ["-Xlinker", "--build-id=sha1"])
]

let package = Package(
  name: "portico",
  products: [
    .executable(name: "portico", targets: ["portico"]),
    .executable(name: "portico-worker", targets: ["portico-worker"]),
    .executable(name: "portico-probe", targets: ["portico-probe"]),
    .library(name: "thankyou", type: .dynamic, targets: ["thankyou"]),
    .library(name: "echo", type: .dynamic, targets: ["echo"]),
    .library(name: "daytime", type: .dynamic, targets: ["daytime"]),
    .library(name: "discard", type: .dynamic, targets: ["discard"]),
    .library(name: "chargen", type: .dynamic, targets: ["chargen"]),
    .library(name: "mock", type: .dynamic, targets: ["mock"]),
    .library(name: "seq", type: .dynamic, targets: ["seq"]),
    .library(name: "PorticoHandler", targets: ["PorticoHandler"]),
    .library(name: "PorticoHandlerTesting", targets: ["PorticoHandlerTesting"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .executableTarget(
      name: "portico",
      dependencies: [
        // Elsewhere the program is one sentence, and needs nothing of what only Linux has.
        .target(name: "Supervisor", condition: .when(platforms: [.linux])),
        .target(name: "Control", condition: .when(platforms: [.linux])),
        .target(name: "Kernel", condition: .when(platforms: [.linux])),
        .target(name: "Load", condition: .when(platforms: [.linux])),
        .target(name: "Transcript", condition: .when(platforms: [.linux])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: kernel, linkerSettings: program),
    .target(
      name: "Supervisor",
      dependencies: [
        "Control", "Kernel", "Transcript", "CKernel",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: kernel),
    // The load generator of `portico bench`: beside the host, never in it.
    .target(
      name: "Load",
      dependencies: [
        "Kernel", "Transcript", "CKernel",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: kernel),
    .executableTarget(
      name: "portico-worker", dependencies: ["Runtime"], swiftSettings: kernel + lean,
      linkerSettings: program),
    .executableTarget(
      name: "portico-probe", dependencies: ["Runtime", "Kernel"], swiftSettings: kernel + lean,
      linkerSettings: program),
    .target(
      name: "Runtime",
      dependencies: ["Control", "Kernel", "Transcript", "CPortico", "CKernel", "CFFI"],
      swiftSettings: kernel + lean),
    .target(
      name: "Control", dependencies: ["Kernel", "CKernel"], swiftSettings: kernel + lean),
    .target(name: "Kernel", dependencies: ["CKernel"], swiftSettings: kernel + lean),
    .target(name: "Transcript", swiftSettings: strict + lean),
    .systemLibrary(name: "CPortico"),
    // With the debug information that Swift writes too: valgrind on Debian 12 reads no newer one.
    .target(
      name: "CKernel", publicHeadersPath: ".",
      cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-gdwarf-4"])] + guarded),
    .systemLibrary(name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),

    // The kit for authors.
    .target(name: "PorticoHandler", dependencies: ["CPortico"], swiftSettings: strict),
    .target(
      name: "PorticoHandlerTesting", dependencies: ["PorticoHandler", "CPortico"],
      swiftSettings: strict),

    .target(
      name: "thankyou", dependencies: ["PorticoHandler"], path: "Plugins/thankyou",
      swiftSettings: author, linkerSettings: library),
    .target(
      name: "mock", dependencies: ["PorticoHandler", "Transcript"], path: "Plugins/mock",
      swiftSettings: author, linkerSettings: library),
    .target(
      name: "echo", path: "Plugins/echo", publicHeadersPath: ".", cSettings: plugin,
      linkerSettings: library),
    .target(
      name: "daytime", path: "Plugins/daytime", publicHeadersPath: ".", cSettings: plugin,
      linkerSettings: library),
    .target(
      name: "discard", path: "Plugins/discard", publicHeadersPath: ".", cSettings: plugin,
      linkerSettings: library),
    .target(
      name: "chargen", path: "Plugins/chargen", publicHeadersPath: ".", cSettings: plugin,
      linkerSettings: library),

    // The lesson on TCP and UDP, lowest last: `make lesson`.
    .executableTarget(
      name: "lesson",
      dependencies: [
        "Lesson", "BadNetwork", "Lab", "Kernel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "examples/tcp-vs-udp/lesson", swiftSettings: strict),
    .target(
      name: "Lesson", dependencies: ["BadNetwork", "Lab", "Numbered", "Kernel"],
      path: "examples/tcp-vs-udp/Lesson", swiftSettings: kernel),
    .executableTarget(
      name: "bad-network",
      dependencies: [
        "BadNetwork", "Lab", "Kernel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "examples/tcp-vs-udp/bad-network", swiftSettings: strict),
    .target(
      name: "BadNetwork", dependencies: ["Lab", "Kernel"],
      path: "examples/tcp-vs-udp/BadNetwork", swiftSettings: kernel),
    .target(
      name: "Lab", dependencies: ["CLab", "Kernel"], path: "examples/tcp-vs-udp/Lab",
      swiftSettings: kernel),
    .systemLibrary(name: "CLab", path: "examples/tcp-vs-udp/CLab"),
    .target(
      name: "Numbered", path: "examples/tcp-vs-udp/Numbered", swiftSettings: strict),
    .target(
      name: "seq", dependencies: ["PorticoHandler", "Numbered"], path: "examples/tcp-vs-udp/seq",
      exclude: ["seq.txt"], swiftSettings: author),

    .testTarget(
      name: "SupervisorTests",
      dependencies: ["Supervisor", "Control", "Kernel", "Transcript", "CKernel"],
      swiftSettings: kernel),
    // Plays seeded schedules against the loop: `make simulate`.
    .executableTarget(
      name: "portico-simulate", dependencies: ["Runtime", "Kernel"], path: "Tests/Simulate",
      swiftSettings: kernel + lean),
    .testTarget(
      name: "RuntimeTests",
      dependencies: ["Runtime", "Control", "Kernel", "CFFI", "CKernel", "CPortico", "Harness"],
      swiftSettings: kernel),
    .testTarget(
      name: "LoadTests",
      dependencies: [
        "Load", "Kernel", "Transcript", "Harness",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: kernel),
    .testTarget(
      name: "TranscriptTests", dependencies: ["Transcript", "Harness"], swiftSettings: tests),
    .testTarget(
      name: "PorticoHandlerTests",
      dependencies: ["PorticoHandler", "PorticoHandlerTesting", "CPortico"],
      swiftSettings: tests),
    .testTarget(
      name: "FramingTests",
      dependencies: ["PorticoHandler", "PorticoHandlerTesting", "CPortico", "Harness"],
      swiftSettings: tests),
    .testTarget(
      name: "BadNetworkTests", dependencies: ["BadNetwork", "Lab", "Harness", "Kernel"],
      swiftSettings: tests),
    .testTarget(
      name: "LessonTests", dependencies: ["Lesson", "BadNetwork", "Lab", "Numbered", "Harness"],
      swiftSettings: tests),
    .target(name: "Harness", path: "Tests/Harness", swiftSettings: tests + quick),
    .testTarget(
      name: "ConformanceTests", dependencies: ["Harness", "Transcript"], swiftSettings: tests),
    .testTarget(name: "RepositoryTests", dependencies: ["Harness"], swiftSettings: tests + quick),
  ]
)
