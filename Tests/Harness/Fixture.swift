// The handlers of Tests/Fixtures. `make fixtures` has built the plain ones before the run; variants
// with flags of their own, and all of them where no make came first, are compiled when a test first
// wants one, and kept for the run.

package import Foundation
internal import Synchronization

/// Fixtures, built.
package enum Fixture {
  /// A fixture, or one that some thread is building: others that want it wait, and only they.
  private final class Entry: Sendable {
    let url = Mutex<URL?>(nil)
  }
  private static let cache = Mutex<[String: Entry]>([:])

  /// Where `make fixtures` puts them.
  private static let prebuilt = ProcessInfo.processInfo.environment["PORTICO_FIXTURES"]
    .map { URL(fileURLWithPath: $0) }

  /// A fixture that is there already.
  private static func prebuilt(_ path: String) -> URL? {
    guard let file = prebuilt?.appending(path: path) else { return nil }
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  /// The steps of the ladder in `examples`, if `make fixtures` has built them.
  package static var ladder: URL? { prebuilt("ladder") }

  /// `Tests/Fixtures/NAME.c` as `NAME.so`, in a folder that is not the source's. Further `flags`
  /// (`-DX=1`) make another build of it. Throws with the compiler's words.
  package static func c(_ name: String, _ flags: String...) throws -> URL { try c(name, flags) }

  /// The same.
  package static func c(_ name: String, _ flags: [String]) throws -> URL {
    if flags.isEmpty, let file = prebuilt("c/\(name).so") { return file }
    let library = name == "borrowedhandle" ? try c("libborrowed").deletingLastPathComponent() : nil
    return try cached(([name] + flags).joined(separator: " ")) {
      let source = Paths.fixtures.appending(path: "\(name).c")
      let result = try Paths.newFolder().appending(
        path: source.deletingPathExtension().lastPathComponent + ".so")
      var arguments = [
        "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread",
      ]
      // The frozen one is built against the header beside it and nothing else.
      if !name.hasPrefix("abi-v1/") { arguments += ["-I", Paths.header.path] }
      arguments += flags + ["-o", result.path, source.path]
      if let library {
        let file = library.appending(path: "libborrowed.so")
        let beside = result.deletingLastPathComponent()
        try FileManager.default.copyItem(at: file, to: beside.appending(path: "libborrowed.so"))
        arguments += ["-L", beside.path, "-lborrowed"]
      }
      try compile("cc", arguments)
      return result
    }
  }

  /// `Tests/Fixtures/NAME.c` as a program.
  package static func program(_ name: String, _ flags: String...) throws -> URL {
    if flags.isEmpty, let file = prebuilt("programs/\(name)") { return file }
    return try cached(([name, "program"] + flags).joined(separator: " ")) {
      let result = try Paths.newFolder().appending(path: name)
      let source = Paths.fixtures.appending(path: "\(name).c").path
      try compile(
        "cc",
        ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", result.path, source] + flags)
      return result
    }
  }

  /// `Tests/Fixtures/NAME.swift` as a shared library, with `flags` such as `-static-stdlib`.
  package static func swift(_ name: String, _ flags: String...) throws -> URL {
    if flags.isEmpty, let file = prebuilt("swift/\(name).so") { return file }
    return try cached(([name, "swift"] + flags).joined(separator: " ")) {
      let result = try Paths.newFolder().appending(path: "\(name).so")
      try compile(
        "swiftc",
        [
          "-O", "-parse-as-library", "-emit-library", "-module-name", name, "-module-cache-path",
          result.deletingLastPathComponent().appending(path: "cache").path,
          "-I", Paths.root.appending(path: "Sources/CPortico").path, "-o", result.path,
          Paths.fixtures.appending(path: "\(name).swift").path,
        ] + flags)
      return result
    }
  }

  /// `Tests/Fixtures/kit/NAME.swift`, a handler on the Swift kit.
  package static func kit(_ name: String) throws -> URL {
    if let file = prebuilt("kit/\(name).so") { return file }
    let kit = try kitLibrary()
    return try cached("kit \(name)") {
      let result = try Paths.newFolder().appending(path: "\(name).so")
      try compile(
        "swiftc",
        swiftForKit + [
          "-emit-library", "-module-name", name, "-I", kit.path, "-o", result.path,
          Paths.fixtures.appending(path: "kit/\(name).swift").path,
          kit.appending(path: "libPorticoHandler.a").path,
        ])
      return result
    }
  }

  private static var swiftForKit: [String] {
    [
      "-swift-version", "6", "-O", "-parse-as-library", "-enable-upcoming-feature",
      "InternalImportsByDefault", "-I", Paths.root.appending(path: "Sources/CPortico").path,
    ]
  }

  /// The kit as a static library, in a folder with its module.
  private static func kitLibrary() throws -> URL {
    try cached("kit library") {
      let folder = try Paths.newFolder()
      let sources = Paths.root.appending(path: "Sources/PorticoHandler")
      let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
      let swift = (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
      try compile(
        "swiftc",
        swiftForKit + [
          "-wmo", "-emit-library", "-static", "-emit-module", "-module-name", "PorticoHandler",
          "-package-name", "portico", "-emit-module-path",
          folder.appending(path: "PorticoHandler.swiftmodule").path, "-o",
          folder.appending(path: "libPorticoHandler.a").path,
        ] + swift.map(\.path))
      return folder
    }
  }

  /// Runs a compiler found in PATH; throws with its words when it fails.
  package static func compile(_ compiler: String, _ arguments: [String]) throws {
    let env = URL(fileURLWithPath: "/usr/bin/env")
    let finished = try Finished(env, [compiler] + arguments, within: .seconds(50))
    guard finished.exit == .status(0) else {
      throw Failure("\(compiler) \(arguments.joined(separator: " ")):\n\(finished.error)")
    }
  }

  /// True when PATH has such a program.
  package static func hasProgram(_ name: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
    }
  }

  private static func cached(_ key: String, _ build: () throws -> URL) throws -> URL {
    let entry = cache.withLock { known in
      let entry = known[key] ?? Entry()
      known[key] = entry
      return entry
    }
    return try entry.url.withLock { known in
      if let done = known { return done }
      let result = try build()
      known = result
      return result
    }
  }
}
