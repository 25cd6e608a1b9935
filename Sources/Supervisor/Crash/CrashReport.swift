// All that is known of one death of a worker: what a crash file holds, and what is replayed. Pure.

package import Control

/// A death of a worker, for whoever wants to know why or to see it again.
package struct CrashReport: Equatable, Sendable {
  /// How the process ended.
  package enum End: Equatable, Sendable {
    /// It, or its handler, called `exit`.
    case exited(status: Int32)
    case killed(signal: Int32)
    /// A call did not return for so long, and the supervisor ended it.
    case hung(limit_ms: UInt32)
  }

  /// Real time, since 1970.
  package var time_ns: UInt64 = 0
  package var hostVersion = ""
  package var end = End.killed(signal: 0)

  /// `crash 1.0`
  package var handler = ""
  package var pluginPath = ""
  /// Identifies the plugin's bytes: the digits of `PluginImage.fingerprint`.
  package var fingerprint = ""
  package var worker: UInt16 = 0
  package var pid: Int32 = 0

  /// The function of the handler that the loop was in; nil for none.
  package var hook: String?
  /// It was another thread of the process that crashed: no connection is to blame.
  package var isInOtherThread = false
  /// The function of the plugin (or of a library) that was hit, where it can be told.
  package var function: String?
  /// Innermost first, one line each.
  package var frames: [String] = []
  package var faultAddress: UInt64?
  /// The process that sent the signal; nil when the plugin's own doing raised it.
  package var sender: UInt32?

  /// Who was being served; nil when nobody was, or nobody is to blame.
  package var connection: UInt64?
  package var peer: String?
  package var listener: String?
  package var isDatagram = false

  /// What the handler had been given to work with.
  package var settings: [WorkerConfiguration.Setting] = []
  /// Those whose values stand in files; the report has the files' names.
  package var settingFiles: [SettingFile] = []
  package var handlerConfigPath: String?
  package var workerMemory = 0
  /// Settings that were left out, since the file would have grown too large.
  package var missingSettingCount = 0

  /// What the connection sent, in order: the bytes that were new to each call of `handle`. The last
  /// are those of the call at hand, if `isInCall`; without a record of the input they are all of
  /// the bytes that it was given.
  package var input: [[UInt8]] = []
  /// The last element of `input` was being looked at.
  package var isInCall = false
  /// Bytes that came before `input` and were not kept; nil when that is not known.
  package var missingByteCount: UInt64?
  /// Bytes that came behind the last element of `input`, in the same call, and were not kept.
  package var cutByteCount: UInt64 = 0
  /// `--crash-bytes none`: so many bytes would have been `input`; nil when none were left out.
  package var leftOutByteCount: UInt64?

  package init() {}
}
