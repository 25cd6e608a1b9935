// A number that whoever runs the tests may give: how long, how often.

internal import Foundation

/// The number in a variable of the environment.
package struct EnvironmentNumber: Sendable {
  package let value: Int

  /// What the variable says, or `other` where there is none; anything but a whole number ends the
  /// run, since a typing error would otherwise look like a test that passed.
  package init(_ name: String, orElse other: Int) {
    guard let text = ProcessInfo.processInfo.environment[name] else {
      value = other
      return
    }
    guard let number = Int(text) else { fatalError("\(name)=\(text) is no whole number") }
    value = number
  }
}
