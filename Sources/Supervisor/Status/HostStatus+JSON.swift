// A status for programs: one object in one line. Keys are never renamed and never removed; times
// are milliseconds, amounts bytes, and what is not known is null.

internal import Control

extension HostStatus {
  /// With a line's end.
  package var json: String {
    let object: JSONValue = .object([
      "host": .object([
        "pid": .number(UInt64(pid)), "version": .text(version), "phase": .text(phase),
        "uptime_ms": .number(age_ms), "cpu_ms": .optional(usage?.processorTime_ms),
        "resident_bytes": .optional(usage?.residentByteCount), "run_dir": .text(runFolder),
      ]),
      "generations": .list(generations.map(\.json)),
      "workers": .list(workers.map(\.json)),
      "listeners": .list(listeners.map(\.json)),
      "limits": .object(limits.map { .init(key: $0.key, value: .number($0.count)) }),
      "crashes": .object([
        "count": .number(UInt64(crashCount)), "last_file": .optional(lastCrashFile),
      ]),
    ])
    return "\(object)\n"
  }
}

extension HostStatus.Generation {
  fileprivate var json: JSONValue {
    .object([
      "number": .number(UInt64(number)), "plugin": .text(plugin), "path": .text(path),
      "state": .text(state), "origin": .text(origin), "workers": .number(UInt64(workerCount)),
      "age_ms": .number(age_ms),
    ])
  }
}

extension HostStatus.Worker {
  fileprivate var json: JSONValue {
    .object([
      "worker": .number(UInt64(index)), "pid": .number(UInt64(pid)),
      "generation": .number(UInt64(generation)), "state": .text(state),
      "backend": .optional(backend?.name),
      "uptime_ms": .number(age_ms), "restarts": .number(UInt64(restartCount)),
      "connections": .number(counters.open), "accepted": .number(counters.accepted),
      "requests": .number(counters.requests), "replies": .number(counters.replies),
      "stale_replies": .number(counters.staleReplies),
      "misused_replies": .number(counters.misusedReplies),
      "bytes_in": .number(counters.bytesIn), "bytes_out": .number(counters.bytesOut),
      "datagrams_in": .number(counters.datagramsIn),
      "datagrams_out": .number(counters.datagramsOut),
      "cpu_ms": .optional(usage?.processorTime_ms),
      "resident_bytes": .optional(usage?.residentByteCount),
      "call": hook.map { .object(["hook": .text($0), "age_ms": .optional(call_ms)]) } ?? .null,
    ])
  }
}

extension HostStatus.Listener {
  fileprivate var json: JSONValue {
    .object([
      "uri": .text(uri), "sockets": .number(UInt64(socketCount)),
      "waiting": .optional(waiting.map { UInt64(clamping: $0) }),
      "waiting_limit": .optional(waitingLimit.map { UInt64(clamping: $0) }),
      "waiting_unit": waiting == nil ? .null : .text(isInBytes ? "bytes" : "clients"),
      "dropped": .optional(dropped.map { UInt64(clamping: $0) }),
    ])
  }
}
