// From one generation to the next: the new one polls the sockets, the old one lets go of them, and
// only then the reload is done: whoever connects after that gets the new plugin.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A worker of the old generation that is in the middle of a long call hears late of it. It is
  /// not waited for any longer, since it accepts nobody meanwhile.
  private static let patience = Duration.seconds(1)

  /// Every worker of the generation that was loading is ready: it takes over.
  func handOver(to generation: Generation) {
    guard let old = current, let report = generation.report else {
      preconditionFailure("BUG: a generation takes over from nobody")
    }
    for listener in listeners {
      do throws(StartFailure) {
        try listener.setDefersAccept(!report.speaksFirst)
      } catch {
        logger.warning("\(error)")
      }
    }
    upcoming = nil
    current = generation
    renewsAt = nil
    noteTakeOver(generation, from: old)
    assignSockets()
    for worker in old.workers { drain(worker) }
    retired.append(old)
    handingOver = HandOver(
      from: old.workers.filter(\.lifecycle.isDraining).map(\.serial), by: .now + Self.patience)
    if handingOver?.isOver == true { finishHandOver() }
  }

  /// Something is being read or is loading, or has not taken over entirely.
  var isChanging: Bool { reading != nil || upcoming != nil || handingOver != nil }

  /// It polls no listener any more, or has ended.
  func released(_ worker: Worker) {
    if handingOver?.released(worker.serial) == true { finishHandOver() }
  }

  /// Every client that comes from here on gets the new generation.
  func finishHandOver() {
    guard handingOver != nil, let generation = current else { return }
    handingOver = nil
    let summary = summary(of: generation)
    switch generation.origin {
    case .start, .reload: logger.info("reloaded: serving \(summary)")
    case .renewal: logger.info("renewed: serving \(summary)")
    case .fallback: logger.warning("fell back: serving \(summary), as it was before the reload")
    }
    if generation.origin == .reload {
      reloadTrouble = nil
      reloadWaiters.end(.serving(summary))
    }
    // The first generation may have been replaced before all of it had started.
    announceOnce()
    tellServing()
    useRoomForGeneration()
  }
}
