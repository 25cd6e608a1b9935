// What a run found. Plain values; how they are shown lies in Report.

/// The outcome of a run.
package struct LoadResult: Sendable {
  package var plan: LoadPlan
  package var counts = Counts()
  package var latencies = Latencies()
  /// From the end of the warm-up to the last reply, or to the end if that was later.
  package var seconds: Double = 0
  /// Of all threads of the generator, and the part of their time that they were running.
  package var clientTime_ns: UInt64 = 0
  package var busy: Double = 0
  /// nil when no process was named.
  package var server: ServerTime?
  /// Why connections did not come about, the last reason.
  package var connectError: Int32 = 0
  /// There never was a connection.
  package var neverConnected = false
  /// A signal ended it early.
  package var wasInterrupted = false

  package init(plan: LoadPlan) { self.plan = plan }

  package var requestsPerSecond: Double {
    seconds > 0 ? Double(counts.requests) / seconds : 0
  }

  /// Every reply was right, and there was one, unless somebody ended the run before.
  package var isClean: Bool {
    counts.errors.total == 0 && !neverConnected && (counts.requests > 0 || wasInterrupted)
  }

  /// The generator had hardly time left: it may be what was measured.
  package var isGeneratorBusy: Bool { busy > 0.9 }

  mutating func add(_ part: Generator.Result) {
    counts.add(part.counts)
    latencies.add(part.latencies)
    clientTime_ns &+= part.busy_ns
    if part.connectError != 0 { connectError = part.connectError }
  }
}
