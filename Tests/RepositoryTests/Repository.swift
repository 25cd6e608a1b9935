// The checkout as these tests see it: every file that git tracks, or would after the next `git
// add`.

import Foundation
import Harness

enum Repository {
  struct File {
    let path: String
    let text: String
    let lines: [Substring]
    /// The lines without what stands behind `//`.
    let code: [Substring]

    init(path: String, text: String) {
      self.path = path
      self.text = text
      lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      code = lines.map { line in
        guard let comment = line.firstRange(of: "//") else { return line }
        return line[..<comment.lowerBound]
      }
    }
  }

  private static let tracked: Result<[File], any Error> = Result {
    let listed = try Finished(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
      workingDirectory: Paths.root)
    guard listed.exit == .status(0) else { throw Failure("git ls-files: \(listed.error)") }
    return listed.output.split(separator: "\n").compactMap { path in
      // A file that was removed and is still tracked is none; one that is no text is not ours.
      guard let data = FileManager.default.contents(atPath: "\(Paths.root.path)/\(path)"),
        let text = String(validating: data, as: UTF8.self)
      else { return nil }
      return File(path: String(path), text: text)
    }
  }

  static func all() throws -> [File] { try tracked.get() }

  static func files(_ suffixes: String..., under folder: String = "") throws -> [File] {
    let found = try all().filter { file in
      file.path.hasPrefix(folder) && suffixes.contains { file.path.hasSuffix($0) }
    }
    guard !found.isEmpty else { throw Failure("no file in \(folder) ends in \(suffixes)") }
    return found
  }

  static func file(_ path: String) throws -> File {
    guard let file = try all().first(where: { $0.path == path }) else {
      throw Failure("\(path) is missing")
    }
    return file
  }
}
