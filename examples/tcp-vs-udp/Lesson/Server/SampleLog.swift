// Samples of a run whose length nobody knows: when there are too many, every second one goes, and
// from then on only half as many come in. What is kept is always evenly spread. Pure.

/// Keeps a bounded number of samples.
struct SampleLog: Equatable, Sendable {
  private let limit: Int
  private var kept: [ServerReport.Sample] = []
  private var last: ServerReport.Sample?
  private var stride = 1
  private var offeredCount = 0

  /// At most `limit` of them, and the last.
  init(limit: Int) { self.limit = max(2, limit) }

  /// Takes a sample, or remembers it only as the last.
  mutating func add(_ sample: ServerReport.Sample) {
    defer { offeredCount += 1 }
    last = sample
    guard offeredCount.isMultiple(of: stride) else { return }
    kept.append(sample)
    last = nil
    guard kept.count > limit else { return }
    kept = kept.indices.filter { $0.isMultiple(of: 2) }.map { kept[$0] }
    stride *= 2
    last = sample == kept.last ? nil : sample
  }

  /// From the first to the last.
  var samples: [ServerReport.Sample] { kept + (last.map { [$0] } ?? []) }
}
