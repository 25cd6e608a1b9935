// Who of the old generation still polls the sockets that the new one has been given. Pure.

/// From the moment when a new generation polls until the old one does not any more.
struct HandOver: Equatable {
  private var polling: Set<UInt64>
  /// Nobody is waited for after that.
  let deadline: Moment

  /// `workers` are the serials of those that have been told to let go.
  init(from workers: some Sequence<UInt64>, by deadline: Moment) {
    polling = Set(workers)
    self.deadline = deadline
  }

  var isOver: Bool { polling.isEmpty }

  /// This worker has let go, or has ended. True when it was the last one.
  mutating func released(_ worker: UInt64) -> Bool {
    polling.remove(worker) != nil && polling.isEmpty
  }
}
