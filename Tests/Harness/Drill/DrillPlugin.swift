// The plugins that a reload drill puts in each other's place. They differ in all that a reload may
// change: who speaks first, how many workers there are, whether connections stay.

package import Foundation

/// A plugin whose answers can be told from those of the others.
package enum DrillPlugin: String, Sendable, CaseIterable {
  /// Answers `thank you !` and closes.
  case thankyou
  /// Speaks first, and closes.
  case daytime
  /// The fixture `drill`: a worker a core.
  case plain
  /// The fixture `drill`: one worker, speaks first, connections stay.
  case greeting

  /// The library.
  package func file() throws -> URL {
    switch self {
    case .thankyou, .daytime: Paths.build.appending(path: "lib\(rawValue).so")
    case .plain:
      try Fixture.c(
        "drill", "-DDRILL_NAME=\"plain\"", "-DDRILL_FLAGS=PORTICO_INLINE|PORTICO_SHARDED")
    case .greeting: try Fixture.c("drill", "-DDRILL_NAME=\"greeting\"", "-DDRILL_GREETS")
    }
  }

  /// It answers one request a connection.
  var closes: Bool {
    switch self {
    case .thankyou, .daytime: true
    case .plain, .greeting: false
    }
  }

  /// Who says that: a line without its end, or all that was said.
  static func author(of line: some StringProtocol) -> DrillPlugin? {
    if line == "thank you !" { return .thankyou }
    if line.hasSuffix("-UTC\r") || line.hasSuffix("-UTC\r\n") { return .daytime }
    return [.plain, .greeting].first { line.hasPrefix("\($0.rawValue) ") }
  }

  /// What this plugin answers to request `id`, or nil when its answers name no request.
  func line(_ id: Int, byteCount: Int) -> String? {
    closes ? nil : "\(rawValue) \(id) \(byteCount)"
  }
}
