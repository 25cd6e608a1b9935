// The promise: from an installation, with a Swift toolchain on the machine, a handler in Swift is
// made, built, tested and served, with nothing of the checkout.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(10)))
struct InstalledKitTests {
  @Test func `A new handler in Swift builds with one make, passes its tests and is served`() throws
  {
    let installed = try Installed.shared.get()
    let folder = try Paths.newFolder()
    let made = try Finished(
      installed.portico, ["new", "line-greeter", "--language", "swift"], workingDirectory: folder)
    #expect(made.exit == .status(0), "\(made.error)")
    let project = folder.appending(path: "line-greeter")
    let makefile = try String(
      contentsOf: project.appending(path: "Makefile"), encoding: .utf8)
    #expect(makefile.contains("PORTICO ?= \(installed.portico.path)\n"))
    let make = URL(fileURLWithPath: "/usr/bin/env")
    for target in ["all", "test"] {
      let finished = try Finished(
        make, ["make", "-C", project.path, target], within: .seconds(280))
      #expect(finished.exit == .status(0), "\(finished.output)\(finished.error)")
      // The kit is not the author's code, and has to build without a word.
      #expect(!finished.output.contains("warning:"), "\(finished.output)")
      if target == "test" {
        #expect((finished.output + finished.error).contains("4 tests in 1 suite passed"))
        #expect(finished.output.matches(of: /\n[a-z]+\s+ok\s/).count >= 14, "\(finished.output)")
      }
    }
    let finished = try Finished(
      installed.portico,
      [
        "run", "--plugin", "./line-greeter.so", "--listen", "tcp://127.0.0.1:0", "--", "bash", "-c",
        #"exec 3<>/dev/tcp/127.0.0.1/$PORTICO_PORT; printf 'world\n\n' >&3; cat <&3"#,
      ], workingDirectory: project)
    #expect(finished.output == "hello world\ngoodbye\n", "\(finished.error)")
    // On a machine without a toolchain the runtime that was installed along serves it too.
    let bare = try Namespace.run(
      """
      [ ! -d "$TOOLCHAIN" ] || mount -t tmpfs none "$TOOLCHAIN"
      "$PORTICO" run --plugin "$PLUGIN" --listen tcp://127.0.0.1:0 --log-level error -- \
        bash -c 'exec 3<>/dev/tcp/127.0.0.1/$PORTICO_PORT; printf "a\\n\\n" >&3; cat <&3'
      """,
      [
        "TOOLCHAIN": "\(Self.swiftLibraries)", "PORTICO": installed.portico.path,
        "PLUGIN": project.appending(path: "line-greeter.so").path,
      ])
    #expect(bare.output == "hello a\ngoodbye\n", "\(bare.error)")
  }

  /// Where the toolchain has its shared libraries.
  private static var swiftLibraries: String {
    let found = try? Finished(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", "ldd '\(Paths.portico.path)' | sed -n 's|.*=> \\(.*\\)/libswiftCore.so .*|\\1|p'"])
    return found?.output.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
  }
}
