// How many descriptors a configuration needs, in the supervisor and in each worker, so that one for
// which the limit is too low is refused at the start rather than at the third reload. Pure.

/// The descriptors of one configuration.
package struct DescriptorBudget: Equatable, Sendable {
  /// That the supervisor may have open at once.
  package let supervisor: Int
  /// That a worker needs to serve at all.
  package let worker: Int

  /// stdin, stdout, stderr; signals, events, the log, the tally, the run folder, files that are
  /// looked into.
  private static let ownCount = 12
  /// The control socket, and those who use it at once.
  package static let controlClientCount = 32
  /// A crash file, and what it is made from.
  private static let crashFileCount = 2
  /// This side's ends of what it shares with a worker: control, log, and what it prints.
  private static let countPerWorker = 3
  /// What there is only while a worker is started: the ends and the files that it inherits.
  private static let countWhileSpawning = 10

  private let workerCount: Int
  private let generationCount: Int
  private let socketCount: Int

  /// `generationCount` is what `--max-generations` says; a fallback may come on top of it.
  package init(workerCount: Int, generationCount: Int, socketCount: Int) {
    self.workerCount = workerCount
    self.generationCount = generationCount
    self.socketCount = socketCount
    let generations = generationCount + 1
    // Each inherited descriptor is copied out of the way of the others before it is put in place.
    let copies = Self.countWhileSpawning + socketCount
    supervisor =
      Self.ownCount + socketCount + generations * (workerCount * Self.countPerWorker + 1)
      + Self.countWhileSpawning + copies + 1 + Self.controlClientCount + Self.crashFileCount
    worker = socketCount + WorkerBudget.leastDescriptorCount
  }

  /// Why a limit does not suffice, and what would; nil when it does.
  package func shortage(limit: Int) -> String? {
    let needed = max(supervisor, worker)
    guard limit < needed else { return nil }
    func count(_ number: Int, _ word: String) -> String {
      number == 1 ? "1 \(word)" : "\(number) \(word)s"
    }
    return """
      \(needed) open files are needed, and only \(limit) are allowed (for \
      \(count(socketCount, "listening socket")), and \(count(workerCount, "worker")) in each of \
      \(count(generationCount, "generation"))): raise the limit (ulimit -Hn, LimitNOFILE=), or \
      lower --workers, --max-generations or the number of listeners
      """
  }
}
