// Who waits for what becomes of a reload. A request counts for the first generation whose files are
// read after it: one that is loading already may have read the plugin before it was replaced.

/// What became of a reload.
enum ReloadOutcome: Equatable {
  /// The new generation serves; what it is, as the log says it.
  case serving(String)
  /// The old one serves on; why.
  case failed(String)
}

/// Each is called once, by the supervisor's loop.
struct ReloadWaiters {
  typealias Waiter = (ReloadOutcome) -> Void
  /// For the generation that is loading, and for the one after it.
  private var present: [Waiter] = []
  private var next: [Waiter] = []

  mutating func add(_ waiter: @escaping Waiter) { next.append(waiter) }

  /// A generation begins to load: its files are read from here on.
  mutating func begin() {
    present += next
    next = []
  }

  /// It serves, or was given up.
  mutating func end(_ outcome: ReloadOutcome) {
    let waiters = present
    present = []
    for waiter in waiters { waiter(outcome) }
  }

  /// There will be no reload any more.
  mutating func giveUp(because reason: String) {
    begin()
    end(.failed(reason))
  }
}
