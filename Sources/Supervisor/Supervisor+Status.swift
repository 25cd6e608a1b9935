// The status of this host, gathered when somebody asks. From a worker's page only numbers are
// taken; memory and processor time are read from /proc.

internal import CKernel
internal import Control
internal import Kernel

extension Supervisor {
  func status() -> HostStatus {
    let now = Moment.now
    let pages = workers.values.sorted { $0.serial < $1.serial }.map { ($0, $0.readPage()) }
    var status = HostStatus()
    status.pid = HostFacts.processID
    status.version = HostVersion.text
    status.phase = phaseName
    status.age_ms = (now - startTime).wholeMilliseconds
    status.usage = ProcessUsage(pid: status.pid)
    status.runFolder = runFolder?.folder.path ?? ""
    status.generations = generations.map { generation in
      .init(
        number: generation.number, plugin: generation.title, path: generation.image.path,
        state: stateName(of: generation), origin: generation.origin.name,
        workerCount: generation.workers.count,
        age_ms: (now - generation.startTime).wholeMilliseconds)
    }
    status.workers = pages.map { worker, page in
      .init(
        index: worker.index, pid: worker.process.pid, generation: worker.generation.number,
        state: worker.stateName, age_ms: (now - worker.startTime).wholeMilliseconds,
        restartCount: worker.generation.places[worker.index].restartCount,
        usage: ProcessUsage(pid: worker.process.pid), counters: .init(page),
        hook: Death.hook(page),
        call_ms: worker.watchdog?.callAge(Watchdog.Pulse(page), now: now)
          .map(\.wholeMilliseconds), backend: page.backendName)
    }
    status.listeners = listeners.map {
      let queue = $0.queue
      return .init(
        uri: $0.realURI, socketCount: $0.descriptors.count, waiting: queue?.waiting,
        waitingLimit: queue?.limit, isInBytes: queue?.unit == .bytes, dropped: queue?.dropped)
    }
    status.limits = WorkerCounters.limitsHit(pages.map(\.1))
    status.crashCount = crashCount
    status.lastCrashFile = lastCrashFile
    return status
  }

  /// Those with a process, or about to have one.
  private var generations: [Generation] {
    let all = retired + [current, upcoming].compactMap(\.self)
    return all.sorted { $0.number < $1.number }
  }

  private var phaseName: String {
    switch phase {
    case .starting: "starting"
    case .serving: isSuspended ? "suspended" : "serving"
    case .closing, .draining: "draining"
    case .stopping: "stopping"
    }
  }

  private func stateName(of generation: Generation) -> String {
    if generation === upcoming { return "loading" }
    return generation === current && servesClients ? "serving" : "draining"
  }
}

extension ck_page {
  fileprivate var backendName: BackendName? {
    switch backend {
    case CK_BACKEND_EPOLL.rawValue: .epoll
    case CK_BACKEND_URING.rawValue: .uring
    case _: nil
    }
  }
}

extension Generation.Origin {
  fileprivate var name: String {
    switch self {
    case .start: "start"
    case .reload: "reload"
    case .renewal: "renewal"
    case .fallback: "fallback"
    }
  }
}
