// Which suites run when. `.ci/tests` reads these tags in the sources, since `swift test` of 6.3
// cannot select by tag: so they stand on the suite, in one line with `@Suite`.

package import Testing

extension Tag {
  /// The outcome depends on the backend: `make test-all` runs these suites on both.
  @Tag package static var backend: Self

  /// Takes long, or needs what a newcomer's machine may not have: `make test-all` runs these
  /// suites, `make test` does not.
  @Tag package static var thorough: Self
}
