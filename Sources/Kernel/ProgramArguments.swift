// The words that this program was started with, as the kernel keeps them. Swift's own CommandLine
// looks for them beside the environment, and finds none once a library that was preloaded has
// changed that: every command would then be the one without words, and serve.

internal import Glibc

extension HostFacts {
  /// The words behind the program's name. Ends the process where they cannot be read: a program
  /// that does not know what it was told must do nothing.
  ///
  /// `program` is for the sentence.
  public static func arguments(of program: String) -> [String] {
    do throws(SystemError) {
      let text = try Files.contents(of: "/proc/self/cmdline", limit: .max)
      guard let words = words(of: text) else {
        give(up: "\(program): it was started without argv[0]: give it its name first", status: 64)
      }
      return words
    } catch {
      give(
        up: "\(program): /proc/self/cmdline cannot be read: \(error.reason): mount /proc", status: 1
      )
    }
  }

  /// The words behind the first from a text as /proc/self/cmdline is, each with a NUL behind it.
  /// nil where there is no first, or it is empty, as the kernel has it for a program without one.
  public static func words(of text: [UInt8]) -> [String]? {
    var words = text.split(separator: 0, omittingEmptySubsequences: false)
    // What is behind the last NUL.
    if words.last?.isEmpty == true { words.removeLast() }
    guard let name = words.first, !name.isEmpty else { return nil }
    return words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
  }

  private static func give(up sentence: String, status: Int32) -> Never {
    try? Descriptor.standardError().writeAllWaiting(Array("\(sentence)\n".utf8))
    exit(status)
  }
}
