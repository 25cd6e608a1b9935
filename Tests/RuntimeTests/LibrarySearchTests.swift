// Promise: a plugin's own needs are looked for in its folder, in the Swift runtime of this process,
// and where its run path leads, in this order, and nowhere that the current folder decides.

internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(1)))
struct LibrarySearchTests {
  private let search = LibrarySearch(folder: "/srv/plugins", runtimeFolder: "/opt/runtime")

  private func folders(
    _ runPaths: [String], isSwift: Bool = false, of search: LibrarySearch? = nil
  ) -> [String] {
    (search ?? self.search).candidates(for: "liba.so", runPaths: runPaths, isSwift: isSwift)
      .map { String($0.dropLast("/liba.so".utf8.count)) }
  }

  @Test func `The plugin's folder comes first, then its run path`() {
    #expect(folders([]) == ["/srv/plugins"])
    #expect(folders(["/usr/lib/x:/opt/y"]) == ["/srv/plugins", "/usr/lib/x", "/opt/y"])
  }

  @Test(arguments: ["$ORIGIN/../lib", "${ORIGIN}/../lib"])
  func `ORIGIN is the plugin's folder, not its copy's`(path: String) {
    #expect(folders([path]) == ["/srv/plugins", "/srv/plugins/../lib"])
  }

  @Test func `Of Swift, this process's runtime is meant wherever the run path leads`() {
    #expect(
      folders(["/nowhere/swift"], isSwift: true)
        == ["/srv/plugins", "/opt/runtime", "/nowhere/swift"])
    let none = LibrarySearch(folder: "/p", runtimeFolder: nil)
    #expect(folders([], isSwift: true, of: none) == ["/p"])
  }

  @Test(arguments: ["", ".", "lib", ":", "$LIB", "/a/$PLATFORM", "$", "$OTHER/x"])
  func `What the current folder or only the loader knows is left to the loader`(path: String) {
    #expect(folders([path]) == ["/srv/plugins"])
  }

  @Test func `A path is taken as it is, and the root folder is a folder`() {
    #expect(search.candidates(for: "./liba.so", runPaths: [], isSwift: false) == [])
    #expect(search.candidates(for: "", runPaths: [], isSwift: false) == [])
    let root = LibrarySearch(folder: "/", runtimeFolder: nil)
    #expect(root.candidates(for: "liba.so", runPaths: [], isSwift: false) == ["/liba.so"])
  }
}
