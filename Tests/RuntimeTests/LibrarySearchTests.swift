// Promise: a plugin's own needs are looked for in its folder, in the Swift runtime of this process,
// and where its run path leads, in this order, and nowhere that the current folder decides.

internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(1)))
struct LibrarySearchTests {
  private let search = LibrarySearch(folder: "/srv/plugins", runtimeFolder: "/opt/runtime")

  private func folders(
    _ runPath: String, isSwift: Bool = false, of search: LibrarySearch? = nil
  ) -> [String] {
    (search ?? self.search).folders(runPath: runPath, isSwift: isSwift)
  }

  @Test func `The plugin's folder comes first, then its run path`() {
    #expect(folders("") == ["/srv/plugins"])
    #expect(folders("/usr/lib/x:/opt/y:/usr/lib/x") == ["/srv/plugins", "/usr/lib/x", "/opt/y"])
    var told = search
    told.operatorPath = "/one:/two"
    #expect(folders("/three", of: told) == ["/srv/plugins", "/one", "/two", "/three"])
  }

  @Test(arguments: ["$ORIGIN/../lib", "${ORIGIN}/../lib"])
  func `ORIGIN is the plugin's folder, not its copy's`(path: String) {
    #expect(folders(path) == ["/srv/plugins", "/srv/plugins/../lib"])
  }

  @Test func `Of Swift, this process's runtime is meant wherever the run path leads`() {
    #expect(
      folders("/nowhere/swift", isSwift: true)
        == ["/srv/plugins", "/opt/runtime", "/nowhere/swift"])
    let none = LibrarySearch(folder: "/p", runtimeFolder: nil)
    #expect(folders("", isSwift: true, of: none) == ["/p"])
  }

  @Test(arguments: ["", ".", "lib", ":", "$LIB", "/a/$PLATFORM", "$", "$OTHER/x"])
  func `What the current folder or only the loader knows is left to the loader`(path: String) {
    #expect(folders(path) == ["/srv/plugins"])
  }

  @Test func `A folder that cannot stand in a list with colons is left out`() {
    #expect(folders("/a", of: LibrarySearch(folder: "/with:colon", runtimeFolder: nil)) == ["/a"])
    #expect(folders("/a", of: LibrarySearch(folder: "relative", runtimeFolder: nil)) == ["/a"])
  }
}
