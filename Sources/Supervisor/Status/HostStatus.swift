// All that a running host tells of itself when it is asked. Pure: a value that is filled in
// Supervisor+Status and shown by HostStatus+Text and HostStatus+JSON. What comes from a worker's
// page are numbers that a plugin may have written.

package import CKernel
package import Control

/// A host at one moment.
package struct HostStatus: Equatable, Sendable {
  package struct Generation: Equatable, Sendable {
    package var number: Int
    /// `thankyou 1.0`, in the plugin's own words.
    package var plugin: String
    package var path: String
    /// `loading`, `serving`, `draining`
    package var state: String
    /// `start`, `reload`, …
    package var origin: String
    package var workerCount: Int
    package var age_ms: UInt64
  }

  package struct Worker: Equatable, Sendable {
    package var index: Int
    package var pid: Int32
    package var generation: Int
    /// As `WorkerLifecycle.name` has it, or `stopped` or `stuck`.
    package var state: String
    package var age_ms: UInt64
    /// Processes that have taken the place of one that died.
    package var restartCount: Int
    package var usage: ProcessUsage?
    package var counters: Counters
    /// The function of the handler that it is in; nil for none.
    package var hook: String?
    /// How long it has been in there; nil where nobody has looked yet.
    package var call_ms: UInt64?
    /// What it waits with; nil before it has chosen.
    package var backend: BackendName?
  }

  /// What a worker's page counts.
  package struct Counters: Equatable, Sendable {
    package var open: UInt64
    package var accepted: UInt64
    package var requests: UInt64
    package var replies: UInt64
    package var staleReplies: UInt64
    package var misusedReplies: UInt64
    package var bytesIn: UInt64
    package var bytesOut: UInt64
    package var datagramsIn: UInt64
    package var datagramsOut: UInt64

    package init(_ page: ck_page) {
      open = page.connections
      accepted = page.accepted
      requests = page.requests
      replies = page.replies
      staleReplies = page.stale_replies
      misusedReplies = page.misused_replies
      bytesIn = page.bytes_in
      bytesOut = page.bytes_out
      datagramsIn = page.datagrams_in
      datagramsOut = page.datagrams_out
    }
  }

  package struct Listener: Equatable, Sendable {
    package var uri: String
    package var socketCount: Int
    /// In its queues; nil where that cannot be told.
    package var waiting: Int?
    package var waitingLimit: Int?
    /// Datagrams are counted by their bytes, clients by themselves.
    package var isInBytes = false
    /// Datagrams that nobody could take.
    package var dropped: Int?
  }

  /// How often the workers that are there have hit a limit.
  package struct Limit: Equatable, Sendable {
    /// For programs: `max_frame`.
    package var key: String
    /// For people: `--max-frame`.
    package var words: String
    package var count: UInt64
  }

  package var pid: Int32 = 0
  package var version = ""
  /// `starting`, `serving`, `suspended`, `draining`, `stopping`
  package var phase = ""
  package var age_ms: UInt64 = 0
  package var usage: ProcessUsage?
  package var runFolder = ""
  package var generations: [Generation] = []
  package var workers: [Worker] = []
  package var listeners: [Listener] = []
  package var limits: [Limit] = []
  package var crashCount = 0
  package var lastCrashFile: String?

  package init() {}
}
