// Where the checkout and the binaries under test are: known from this file and from the running
// test bundle, so that tests pass from any folder.

package import Foundation

/// Places in the checkout and in the build folder.
package enum Paths {
  /// The checkout.
  package static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  package static let header = root.appending(path: "Sources/CPortico/include")
  package static let fixtures = root.appending(path: "Tests/Fixtures")
  package static let article = root.appending(path: "examples/article")

  /// The folder of the binaries under test and of the shipped plugins: what PORTICO_BIN_DIR says,
  /// or else the folder that the test bundle runs from.
  package static let build: URL = {
    if let folder = ProcessInfo.processInfo.environment["PORTICO_BIN_DIR"] {
      return URL(fileURLWithPath: folder).resolvingSymlinksInPath()
    }
    return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent()
  }()

  /// Is it the release build? A debug build costs what it likes.
  package static let isRelease = build.lastPathComponent == "release"

  package static let portico = build.appending(path: "portico")

  /// A folder of this test run, removed when it ends.
  package static let temporary: URL = {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "portico-tests-\(getpid())")
    try? FileManager.default.removeItem(at: folder)
    // A test that needs it says so better than we could here.
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Paths.temporary) }
    return folder
  }()

  /// Where hosts are found that were given no folder of their own.
  package static let runFolder = temporary.appending(path: "run")

  /// A new empty folder inside `temporary`.
  package static func newFolder() throws -> URL {
    let folder = temporary.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
