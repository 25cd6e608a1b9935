// Several clients at once, each on a thread of its own.

internal import Foundation
internal import Synchronization

/// A place at which threads wait until all of them have come.
package final class Barrier: Sendable {
  private let missing: Atomic<Int>

  package init(_ count: Int) { missing = Atomic(count) }

  /// Waits for the others; throws when they do not come.
  package func wait(within limit: Duration = .seconds(20)) throws {
    missing.wrappingSubtract(1, ordering: .relaxed)
    guard eventually(within: limit, { missing.load(ordering: .relaxed) <= 0 }) else {
      throw Failure("\(missing.load(ordering: .relaxed)) threads have not come")
    }
  }
}

/// Runs `body` on so many threads at once and returns what each made, in order. Throws the first
/// error when all have ended.
package func concurrently<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  let results = Results<Value>()
  for number in 0..<count {
    Thread { results.add(number, Result { try body(number) }) }.start()
  }
  return try results.wait(for: count)
}

private final class Results<Value: Sendable>: Sendable {
  private let results = Mutex<[Int: Result<Value, any Error>]>([:])

  func add(_ number: Int, _ result: Result<Value, any Error>) {
    results.withLock { $0[number] = result }
  }

  func wait(for count: Int) throws -> [Value] {
    while results.withLock({ $0.count }) < count { pause(for: .milliseconds(2)) }
    let all = results.withLock { $0 }
    return try (0..<count).map { number in
      guard let result = all[number] else { throw Failure("thread \(number) left no result") }
      return try result.get()
    }
  }
}
