// The promise: what `make install` puts in place works without a toolchain, may be moved, does not
// disturb what runs from an older one, and goes without a trace.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(5)))
struct InstallTests {
  private func sh(_ script: String, in folder: URL? = nil) throws -> Finished {
    try Finished(
      URL(fileURLWithPath: "/bin/bash"), ["-euc", script], workingDirectory: folder)
  }

  private func serve(_ program: URL, _ arguments: String...) throws -> (Child, UInt16) {
    let words = ["run", "--listen", "tcp://127.0.0.1:0"] + arguments
    let child = try Child(program, words)
    var port: UInt16?
    _ = eventually(within: .seconds(20)) {
      port = child.error.text.firstMatch(of: /listening on tcp:\/\/127\.0\.0\.1:(\d+)/)
        .flatMap { UInt16($0.1) }
      return port != nil || child.exit != nil
    }
    guard let port else { throw Failure("it does not listen:\n\(child.error.text)") }
    return (child, port)
  }

  private func ask(_ port: UInt16, _ text: String = "x") throws -> String {
    let client = try Client(port: port)
    try client.send(text)
    return try client.receiveToEnd().text
  }

  @Test func `Libraries are looked for in the installation only, and found there`() throws {
    let installed = try Installed.shared.get()
    let binaries = try installed.binaries()
    #expect(binaries.count > 15)
    let runtime = installed.prefix.appending(path: "lib/portico/runtime").path
    for file in binaries {
      let dynamic = try sh("readelf -d '\(file.path)'").output
      for match in dynamic.matches(of: /\((RPATH|RUNPATH)\).*\[(.*)\]/) {
        #expect(match.2.hasPrefix("$ORIGIN") && !match.2.contains(":"), "\(file.path): \(match.2)")
      }
      // A plugin is not loaded by the loader's own rules; of all others no variable comes first.
      let isPlugin = file.deletingLastPathComponent().path.hasSuffix("/lib/portico")
      #expect(dynamic.contains(isPlugin ? "(RUNPATH)" : "(RPATH)"), "\(file.path)")
      #expect(isPlugin || !dynamic.contains("(RUNPATH)"), "\(file.path)")
      for line in try sh("ldd '\(file.path)'").output.split(separator: "\n") {
        guard let match = line.firstMatch(of: /^\s*(\S+) => (.*?)(?: \(0x.*)?$/) else { continue }
        let isOfTheCLibrary =
          match.1.wholeMatch(of: /(?:libc|libm|libpthread|libdl|librt|ld-linux.*)\.so.*/) != nil
        // A path that goes through .. is in there as well.
        let place = URL(fileURLWithPath: String(match.2)).standardizedFileURL.path
        #expect(isOfTheCLibrary || place.hasPrefix(runtime), "\(file.path): \(line)")
      }
    }
  }

  @Test func `Everything is there for authors, readers and shells`() throws {
    let contents = try Set(Installed.shared.get().contents())
    let headers = try FileManager.default.contentsOfDirectory(atPath: Paths.header.path)
    for header in headers { #expect(contents.contains("include/\(header)")) }
    for plugin in ["thankyou", "echo", "daytime", "discard", "chargen", "mock"] {
      #expect(contents.contains("lib/portico/\(plugin).so"))
    }
    for file in [
      "share/portico/swift/Package.swift", "share/portico/swift/PorticoHandler/Handler.swift",
      "share/portico/swift/CPortico/module.modulemap", "share/portico/templates/c/Makefile",
      "share/portico/templates/swift/Package.swift", "share/portico/examples/article/server.py",
      "share/doc/portico/README.md", "share/doc/portico/Portico.md", "share/man/man1/portico.1",
      "share/portico/manifest",
    ] {
      #expect(contents.contains(file), "\(file)")
    }
    let strange = contents.filter {
      $0.hasSuffix("-new") || $0.contains(".build") && !$0.hasPrefix("lib/debug/.build-id")
    }
    #expect(strange == [])
  }

  @Test func `Programs and plugins are stripped and hardened, with debug files apart`() throws {
    let installed = try Installed.shared.get()
    for file in try installed.binaries() where !file.path.contains("/runtime/") {
      #expect(try !sh("readelf -S '\(file.path)'").output.contains(".debug_info"), "\(file.path)")
      let text = try sh("readelf -dlnW '\(file.path)'").output
      #expect(text.contains("GNU_RELRO") && text.contains("NOW"), "\(file.path)")
      let id = try #require(text.firstMatch(of: /Build ID: (..)([0-9a-f]+)/), "\(file.path)")
      let debug = installed.prefix.appending(path: "lib/debug/.build-id/\(id.1)/\(id.2).debug")
      #expect(try sh("readelf -S '\(debug.path)'").output.contains(".debug_info"), "\(debug.path)")
    }
    let plain = try Installed(in: Paths.newFolder(), ["PORTICO_DEBUG_FILES": "no"])
    #expect(try !plain.contents().contains { $0.hasPrefix("lib/debug") })
  }

  @Test func `No variable of the loader comes before the installation's own libraries`() throws {
    let installed = try Installed.shared.get()
    let folder = try Paths.newFolder()
    try Fixture.compile(
      "cc",
      [
        "-shared", "-fPIC", "-DWITNESS", "-DANSWER=\"x\"", "-Wl,-soname,libffi.so.8", "-o",
        folder.appending(path: "libffi.so.8").path,
        Paths.fixtures.appending(path: "libanswer.c").path,
      ])
    for words in [["call", "thankyou", "--data", "x"], ["--version"]] {
      let finished = try Finished(
        installed.portico, words, environment: ["LD_LIBRARY_PATH": folder.path])
      #expect(finished.exit == .status(0), "\(finished.error)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(files == ["libffi.so.8"])
  }

  @Test func `Without a toolchain and without the checkout it serves, lists, and makes a handler`()
    throws
  {
    let installed = try Installed.shared.get()
    let folder = try Paths.newFolder()
    let finished = try Namespace.run(
      Self.hiding + #"""
        export PATH="$PREFIX/bin:$PATH"
        cd "$FOLDER"
        talk='exec 3<>/dev/tcp/127.0.0.1/$PORTICO_PORT; printf "world\n\n" >&3; cat <&3; echo'
        quietly='--listen tcp://127.0.0.1:0 --log-level error'
        serve() { portico run $quietly "$@" -- bash -c "$talk"; }
        portico --version
        portico list | cut -d' ' -f1 | tr '\n' ' '; echo
        portico inspect thankyou | grep '^name:'
        serve
        test "$(portico paths kit)" = "$PREFIX/share/portico/swift"
        portico new hello --language c
        make -sC hello
        serve --plugin ./hello/hello.so
        portico call ./hello/hello.so --data 'Ada\n'
        portico call thankyou --data x; echo
        make -sC hello test >tested
        grep -c ' ok ' tested
        printf '> x\\n\n< bye\\n\n' >wrong.txt
        portico test ./hello/hello.so --transcript wrong.txt --only pieces >failed ||
          echo "status $?"
        grep -c '^  again: portico test ' failed
        portico mock hello/hello.txt --listen tcp://127.0.0.1:0 >out 2>log &
        until grep -q 'listening on' log; do sleep 0.05; done
        PORTICO_PORT=$(sed -n 's|.*listening on tcp://127.0.0.1:\([0-9]*\).*|\1|p' log)
        eval "$talk"
        kill $!
        wait
        cp -R "$PREFIX/share/portico/examples" .
        make -sC examples 01
        portico call ./examples/.build/five.so --data 'x' >five
        test -s five
        """#,
      [
        "PREFIX": installed.prefix.path, "FOLDER": folder.path, "CHECKOUT": Paths.root.path,
        "BINARIES": Paths.build.path, "TOOLCHAIN": Self.toolchain,
      ])
    #expect(finished.exit == .status(0), "\(finished.error)")
    let lines = finished.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(try "\(lines[0])\n" == Portico.run("--version").output, "\(finished.output)")
    for plugin in ["NAME", "thankyou", "echo", "chargen"] {
      #expect(lines[1].split(separator: " ").contains("\(plugin)"), "\(finished.output)")
    }
    #expect(
      lines.dropFirst(2).map { String($0) } == [
        "name:        thankyou", "thank you !",
        "made hello: `make -C hello run` serves it; hello/README.md says more",
        "hello world", "goodbye", "", "hello Ada", "thank you !", "14", "status 1", "1",
        "hello world", "", "",
      ], "\(finished.output)")
  }

  /// The folder that has everything of the toolchain in it.
  private static var toolchain: String {
    let found = try? Finished(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "readlink -f \"$(command -v swiftc)\""])
    let program = found?.output.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    return URL(fileURLWithPath: program).deletingLastPathComponent().deletingLastPathComponent()
      .path
  }

  /// Makes toolchain, checkout and binaries invisible, and makes sure of it.
  private static let hiding = #"""
    for place in "$CHECKOUT" "$BINARIES"; do
      [ ! -d "$place" ] || mount -t tmpfs none "$place"
    done
    if [ "$TOOLCHAIN" = /usr ]; then
      mount -t tmpfs none /usr/lib/swift
      for program in /usr/bin/swift*; do mount --bind /dev/null "$program"; done
    else
      mount -t tmpfs none "$TOOLCHAIN"
    fi
    ! swiftc --version 2>/dev/null
    [ ! -e "$CHECKOUT/Package.swift" ]
    [ ! -e "$BINARIES/portico" ]

    """#

  @Test func `It may be moved, and pkg-config finds it where it is`() throws {
    let folder = try Paths.newFolder()
    let installed = try Installed(in: folder.appending(path: "here"))
    let there = folder.appending(path: "over there")
    try FileManager.default.moveItem(at: installed.prefix, to: there)
    let portico = there.appending(path: "bin/portico")
    let (child, port) = try serve(portico)
    #expect(try ask(port) == "thank you !")
    child.send(SIGTERM)
    #expect(try child.wait() == .status(0))
    try """
    #include <portico.h>
    ptrdiff_t handle(const void *b, size_t n, portico_reply r) { r(b, n); return (ptrdiff_t)n; }
    """.write(to: folder.appending(path: "x.c"), atomically: true, encoding: .utf8)
    let plain = folder.appending(path: "plain")
    try FileManager.default.moveItem(at: there, to: plain)
    let built = try sh(
      """
      export PKG_CONFIG_PATH='\(plain.path)/lib/pkgconfig'
      cc -shared -fPIC $(pkg-config --cflags portico) -o x.so x.c
      pkg-config --modversion portico
      ls "$(pkg-config --variable=plugindir portico)"/echo.so
      """, in: folder)
    #expect(built.exit == .status(0), "\(built.error)")
    #expect(try built.output.hasPrefix(Portico.run("--version").output))
  }

  @Test func `DESTDIR goes in front, for those who make packages`() throws {
    let folder = try Paths.newFolder()
    let made = try Installed.make("install-only", URL(fileURLWithPath: "/usr"), folder, [:])
    #expect(made.exit == .status(0), "\(made.error)")
    let program = folder.appending(path: "usr/bin/portico")
    #expect(try Finished(program, ["--version"]).output == Portico.run("--version").output)
    let gone = try Installed.make("uninstall", URL(fileURLWithPath: "/usr"), folder, [:])
    #expect(gone.exit == .status(0), "\(gone.error)")
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path) == ["usr"])
  }

  @Test func `Installing over a running server does not disturb it`() throws {
    let prefix = try Paths.newFolder()
    let installed = try Installed(in: prefix)
    let (child, port) = try serve(installed.portico, "--plugin", "echo", "--workers", "2")
    let before = try Client(port: port)
    try before.send("one")
    #expect(try before.receiveText(3) == "one")
    _ = try Installed(in: prefix)
    try before.send("two")
    #expect(try before.receiveText(3) == "two")
    child.send(SIGHUP)
    #expect(eventually(within: .seconds(10)) { child.error.text.contains("reloaded") })
    let after = try Client(port: port)
    try after.send("three")
    #expect(try after.receiveText(5) == "three")
    #expect(!child.error.text.contains("SIG"), "\(child.error.text)")
    before.shut()
    after.shut()
    child.send(SIGTERM)
    #expect(try child.wait() == .status(0))
  }

  @Test func `Uninstalling takes what was installed, and nothing else`() throws {
    let installed = try Installed(in: Paths.newFolder().appending(path: "new/prefix"))
    #expect(try installed.uninstall().exit == .status(0))
    #expect(try installed.contents() == [])
    // The files of others, beside ours and in our own folders, and folders that were there before.
    let prefix = try Paths.newFolder()
    for folder in ["bin", "share/man", "lib/portico"] {
      try FileManager.default.createDirectory(
        at: prefix.appending(path: folder), withIntermediateDirectories: true)
    }
    let again = try Installed(in: prefix)
    for file in ["bin/other", "lib/portico/mine.so", "share/portico/swift/notes"] {
      try "mine".write(to: prefix.appending(path: file), atomically: true, encoding: .utf8)
    }
    #expect(try again.uninstall().exit == .status(0))
    #expect(
      try again.contents() == [
        "bin", "bin/other", "lib", "lib/portico", "lib/portico/mine.so", "share", "share/man",
        "share/portico", "share/portico/swift", "share/portico/swift/notes",
      ])
    let nothing = try again.uninstall()
    #expect(nothing.exit != .status(0))
    #expect(nothing.error.contains("no Portico is installed in \(prefix.path)"))
  }

  @Test func `A newer installation removes what only the older one had`() throws {
    let installed = try Installed()
    let manifest = installed.prefix.appending(path: "share/portico/manifest")
    let before = try installed.contents()
    let text = try String(contentsOf: manifest, encoding: .utf8)
    let old = installed.prefix.appending(path: "lib/portico/old.so")
    try "old".write(to: old, atomically: true, encoding: .utf8)
    try (text + "file lib/portico/old.so\n").write(
      to: manifest, atomically: true, encoding: .utf8)
    _ = try Installed(in: installed.prefix)
    #expect(try installed.contents() == before)
    #expect(try String(contentsOf: manifest, encoding: .utf8) == text)
    #expect(try installed.uninstall().exit == .status(0))
    #expect(try installed.contents() == [])
  }

  @Test func `An installation that was interrupted can be removed`() throws {
    let prefix = try Paths.newFolder()
    // A folder stands where a file belongs: it stops there, half done.
    try FileManager.default.createDirectory(
      at: prefix.appending(path: "lib/portico/echo.so/occupied"),
      withIntermediateDirectories: true)
    let stopped = try Installed.make("install-only", prefix, nil, [:])
    #expect(stopped.exit != .status(0))
    let installed = try Installed.make("uninstall", prefix, nil, [:])
    #expect(installed.exit == .status(0), "\(installed.error)")
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: prefix.path).sorted() == [
        "lib", "lib/portico", "lib/portico/echo.so", "lib/portico/echo.so/occupied",
      ])
  }

  @Test(arguments: ["file ../precious", "file /etc/passwd", "file a/../../precious", "rm -rf"])
  func `A damaged manifest removes nothing`(line: String) throws {
    let folder = try Paths.newFolder()
    let installed = try Installed(in: folder.appending(path: "prefix"))
    try "mine".write(
      to: folder.appending(path: "precious"), atomically: true, encoding: .utf8)
    let manifest = installed.prefix.appending(path: "share/portico/manifest")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    try (text + line + "\n").write(to: manifest, atomically: true, encoding: .utf8)
    let before = try installed.contents()
    let refused = try installed.uninstall()
    #expect(refused.exit != .status(0))
    #expect(refused.error.contains("is damaged"), "\(refused.error)")
    #expect(try installed.contents() == before)
    #expect(FileManager.default.fileExists(atPath: folder.appending(path: "precious").path))
  }

  @Test func `What is missing is named before anything is touched`() throws {
    let prefix = try Paths.newFolder().appending(path: "prefix")
    let script = Paths.root.appending(path: ".ci/install").path
    for (words, sentence) in [
      (["/nowhere", prefix.path], "run make build first"),
      ([Paths.fixtures.path, prefix.path], "portico is missing: run make build first"),
      ([Paths.build.path, "relative"], "must be an absolute path"),
    ] {
      let finished = try Finished(URL(fileURLWithPath: script), words)
      #expect(finished.exit == .status(1))
      #expect(finished.error.contains(sentence), "\(finished.error)")
    }
    #expect(!FileManager.default.fileExists(atPath: prefix.path))
  }
}
