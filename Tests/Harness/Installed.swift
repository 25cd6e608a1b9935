// Portico as `make install` puts it below a prefix, from the binaries under test: nothing is built.

package import Foundation

/// An installation in a folder of the test's own.
package struct Installed {
  package let prefix: URL
  package let portico: URL

  /// Installs; over what is there, if something is.
  package init(
    in prefix: URL, destination: URL? = nil, _ variables: [String: String] = [:]
  ) throws {
    self.prefix = prefix
    portico = prefix.appending(path: "bin/portico")
    let finished = try Self.make("install-only", prefix, destination, variables)
    guard finished.exit == .status(0) else {
      throw Failure("make install-only:\n\(finished.output)\(finished.error)")
    }
  }

  /// Installs into a new folder.
  package init() throws { try self.init(in: Paths.newFolder()) }

  /// The one that tests share which only look.
  package static let shared = Result { try Installed() }

  package func uninstall() throws -> Finished { try Self.make("uninstall", prefix, nil, [:]) }

  package static func make(
    _ target: String, _ prefix: URL, _ destination: URL?, _ variables: [String: String]
  ) throws -> Finished {
    var words = ["make", "--no-print-directory", target, "BIN=\(Paths.build.path)"]
    words.append("PREFIX=\(prefix.path)")
    if let destination { words.append("DESTDIR=\(destination.path)") }
    return try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), words, environment: variables,
      workingDirectory: Paths.root, within: .seconds(60))
  }

  /// Everything below the prefix, by path.
  package func contents() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: prefix.path).sorted()
  }

  /// The programs and libraries, without what only debuggers read.
  package func binaries() throws -> [URL] {
    let files = try contents().filter { !$0.hasPrefix("lib/debug/") }
    return files.map { prefix.appending(path: $0) }.filter { file in
      guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
      return (try? handle.read(upToCount: 4)) == Data([0x7F, 0x45, 0x4C, 0x46])
    }
  }
}
