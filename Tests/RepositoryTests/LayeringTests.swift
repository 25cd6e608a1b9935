// The layers of DESIGN.md: each module uses only those below it, and unsafe code lives in few
// rooms.

import Foundation
import Harness
import Testing

@Suite(.timeLimit(.minutes(3)))
struct LayeringTests {
  /// What each folder may import. What is not listed here is not allowed.
  private static let allowed: [(folder: String, imports: Set<String>)] = [
    (
      "Sources/portico/",
      // Darwin and Musl for the sentence that says they are not supported.
      [
        "ArgumentParser", "Control", "Darwin", "Glibc", "Kernel", "Load", "Logging", "Musl",
        "Supervisor", "Transcript",
      ]
    ),
    (
      "Sources/Supervisor/",
      ["CKernel", "Control", "Glibc", "Kernel", "Logging", "Synchronization", "Transcript"]
    ),
    // The load generator: beside the host, and knows nothing of it.
    (
      "Sources/Load/",
      ["CKernel", "Glibc", "Histogram", "Kernel", "Synchronization", "Transcript"]
    ),
    // The kit as a package of its own.
    ("Sources/Package.swift", ["PackageDescription"]),
    ("Sources/portico-worker/", ["CKernel", "Control", "Glibc", "Kernel", "Runtime"]),
    ("Sources/portico-probe/", ["CKernel", "Control", "Glibc", "Kernel", "Runtime"]),
    (
      "Sources/Runtime/",
      [
        "CFFI", "CKernel", "CPortico", "Control", "Glibc", "Kernel", "Synchronization",
        "Transcript",
      ]
    ),
    ("Sources/Control/", ["CKernel", "Glibc", "Kernel"]),
    ("Sources/Kernel/", ["CKernel", "Glibc"]),
    ("Sources/Transcript/", []),
    ("Sources/PorticoHandlerTesting/", ["CPortico", "PorticoHandler", "Synchronization"]),
    ("Sources/PorticoHandler/", ["CPortico", "Glibc"]),
    // The one plugin that belongs to the tools: `portico mock`.
    ("Plugins/mock/", ["PorticoHandler", "Transcript"]),
    ("Plugins/", ["CPortico", "PorticoHandler"]),
    // The lesson on TCP and UDP: uses Kernel, and is used by nothing.
    (
      "examples/tcp-vs-udp/lesson/",
      ["ArgumentParser", "BadNetwork", "Foundation", "Kernel", "Lab", "Lesson"]
    ),
    (
      "examples/tcp-vs-udp/Lesson/",
      ["BadNetwork", "Foundation", "Glibc", "Kernel", "Lab", "Numbered"]
    ),
    ("examples/tcp-vs-udp/bad-network/", ["ArgumentParser", "BadNetwork", "Kernel", "Lab"]),
    ("examples/tcp-vs-udp/BadNetwork/", ["Foundation", "Glibc", "Kernel", "Lab"]),
    ("examples/tcp-vs-udp/Lab/", ["CLab", "Glibc", "Kernel"]),
    ("examples/tcp-vs-udp/Numbered/", []),
    ("examples/tcp-vs-udp/seq/", ["Numbered", "PorticoHandler"]),
  ]

  @Test func `Each module imports only what lies below it`() throws {
    let swift = try Repository.files(".swift").filter { file in
      ["Sources/", "Plugins/", "examples/tcp-vs-udp/"].contains { file.path.hasPrefix($0) }
    }
    #expect(swift.count > 20)
    for file in swift {
      let rule = try #require(
        Self.allowed.first { file.path.hasPrefix($0.folder) }, "no rule for \(file.path)")
      for line in file.code {
        guard let match = line.firstMatch(of: /^\s*(?:@\S+ +)*(?:\w+ +)?import +(?:\w+ +)?(\w+)/)
        else { continue }
        #expect(rule.imports.contains(String(match.1)), "\(file.path) imports \(match.1)")
      }
    }
  }

  @Test func `The ABI headers and the plugins in C include nothing of the host`() throws {
    // Framing stands on the ABI, and searches with memchr.
    let headers: [String: Set] = [
      "portico.h": ["stddef.h", "stdint.h"],
      "portico_frame.h": ["portico.h", "stddef.h", "stdint.h", "string.h"],
    ]
    let folder = "Sources/CPortico/include/"
    for file in try Repository.files(".h", under: folder) {
      let allowed = try #require(headers[String(file.path.dropFirst(folder.count))])
      for line in file.lines {
        guard let match = line.firstMatch(of: /^\s*#\s*include\s*[<"]([^>"]+)/) else { continue }
        #expect(allowed.contains(String(match.1)), "\(file.path) includes \(match.1)")
      }
    }
    for file in try Repository.files(".c", under: "Plugins/") {
      for line in file.lines {
        guard let match = line.firstMatch(of: /^\s*#\s*include\s*"([^"]+)/) else { continue }
        #expect(headers[String(match.1)] != nil, "\(file.path) includes \(match.1)")
      }
    }
  }

  /// The rooms for unsafe code: owners over system calls, raw memory, the edge to the plugin, and
  /// the simulation and the probe, which play the kernel and stand beside the plugin; the kit's
  /// edge to the host.
  private static let rooms = [
    "Sources/Kernel/", "Sources/Runtime/Memory/", "Sources/Runtime/Handler/",
    "Sources/Runtime/Simulation/", "Sources/Runtime/Probe/", "Sources/PorticoHandler/ABI/",
    "Sources/PorticoHandlerTesting/", "Sources/Load/Memory/", "examples/tcp-vs-udp/Lab/",
  ]

  /// Files outside the rooms that may say `unsafe`, each with its reason.
  private static let exceptions = [
    "Sources/Control/LogRecord.swift": "an endpoint crosses the wire as its 24 bytes",
    "Sources/Control/PacketChannel.swift": "hands the storage of an array to send and recv",
    "Sources/Load/Generator/Generator+Opening.swift": "hands an address to connect",
    "Sources/Runtime/Backend/Backend.swift": "a completion carries the address of what came",
    "Sources/Runtime/Backend/DatagramReceiver.swift": "hands out datagrams where they lie",
    "Sources/Runtime/Backend/Doors.swift": "receives datagrams into memory of the loop",
    "Sources/Runtime/Backend/Uring.swift": "receives into and sends from memory of the loop",
    "Sources/Runtime/Backend/Uring+Waiting.swift": "hands out bytes where the kernel put them",
    "Sources/Runtime/Backend/Epoll.swift": "receives into and sends from memory of the loop",
    "Sources/Runtime/Backend/SocketCall.swift": "receives into and sends from memory of the loop",
    "Sources/Runtime/Filter/FilterLog.swift": "logs bytes where they lie",
    "Sources/Runtime/Filter/Filtered.swift": "offers less of the room that the loop offers",
    "Sources/Runtime/Filter/Filtered+Datagrams.swift": "copies datagrams that have to wait",
    "Sources/Runtime/Filter/Filtered+Input.swift": "shows received bytes to the log",
    "Sources/Runtime/Filter/Filtered+Output.swift": "passes bytes on, with a bit of them changed",
    "Sources/Runtime/Loop/Loop.swift": "gives the backend room to receive into",
    "Sources/Runtime/Loop/Loop+Datagrams.swift": "passes datagrams to the handler in place",
    "Sources/Runtime/Loop/Loop+Input.swift": "passes received bytes to the handler in place",
    "Sources/Runtime/Loop/Loop+Output.swift": "sends from the stage",
    "Sources/Runtime/Worker/Core+Descriptors.swift": "hands C the word that it clears in a child",
    "Sources/Runtime/Worker/Core.swift": "copies staged bytes to the queue of their client",
    "Sources/Runtime/Worker/Worker.swift": "maps what the supervisor handed down",
    "Sources/Runtime/Worker/Worker+Backend.swift": "hands the backend memory to receive into",
    "Sources/Runtime/Worker/WorkerLog.swift": "logs bytes where they lie",
  ]

  private func unsafeFiles() throws -> [Repository.File] {
    let lesson = try Repository.files(".swift", under: "examples/tcp-vs-udp/")
    return try (Repository.files(".swift", under: "Sources/") + lesson).filter { file in
      file.code.contains { $0.contains(/\bunsafe\b/) }
    }
  }

  @Test func `Unsafe code lives in its few rooms`() throws {
    for file in try unsafeFiles() {
      let isAllowed =
        Self.rooms.contains { file.path.hasPrefix($0) } || Self.exceptions[file.path] != nil
      #expect(isAllowed, "\(file.path) is not where unsafe code may be")
    }
    let outdated = try Set(Self.exceptions.keys).subtracting(unsafeFiles().map(\.path))
    #expect(outdated == [], "no longer need their exception")
  }

  @Test func `Every file with unsafe code says why it is safe`() throws {
    let silent = try unsafeFiles().filter { !$0.text.contains("SAFETY:") }.map(\.path)
    #expect(silent == [])
  }
}
