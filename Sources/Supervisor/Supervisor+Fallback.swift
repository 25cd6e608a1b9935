// What keeps a bad plugin from staying: a generation that keeps crashing soon after a reload is
// replaced by the one before it, from the copy that was made of it then. And how many generations
// may be alive at once, since each of them costs processes.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// A worker of the generation that serves has died of something that its plugin did.
  func judge(_ generation: Generation) {
    guard var policy = generationPolicy else { return }
    let action = policy.died(at: .now)
    generationPolicy = policy
    let window = GenerationPolicy.probation.components.seconds
    switch action {
    case .carryOn: break
    case .fallBack(let count):
      let title = fallback?.title ?? "the plugin before it"
      logger.error(
        """
        \(generation.title) keeps crashing, \(count) workers within \(window) s of its reload: \
        falling back to \(title) as it was before
        """)
      fallBackIfDue()
    case .retrySlowly(let count):
      logger.error(
        """
        \(generation.title) keeps crashing, \(count) workers within \(window) s, and there is none \
        to fall back to: it is started again and again, at last every \
        \(RestartPolicy.longestDelay.components.seconds) s; put another in its place and reload
        """)
    }
  }

  /// Loads what is to be fallen back to, unless something else is loading: a reload may be all that
  /// is needed. It does not wait for a generation to end.
  func fallBackIfDue() {
    guard phase == .serving, !isChanging, let fallback,
      generationPolicy?.fallBackNow(at: .now) != nil
    else { return }
    do throws(StartFailure) {
      try load(
        newGeneration(.fallback, image: fallback.image, configuration: fallback.configuration))
    } catch {
      abandonLoading(.fallback, because: error.description)
    }
  }

  /// A generation has taken over from `old`: what is known of them, and which is kept.
  func noteTakeOver(_ generation: Generation, from old: Generation?) {
    switch generation.origin {
    case .start: generationPolicy = GenerationPolicy(serving: generation.number, at: .now)
    case .reload: generationPolicy?.reloaded(to: generation.number, at: .now)
    case .renewal: generationPolicy?.renewed(to: generation.number)
    case .fallback: generationPolicy?.fellBack(to: generation.number, at: .now)
    }
    guard let kept = generationPolicy?.fallback else { return fallback = nil }
    if kept == old?.number { fallback = old }
  }

  /// Generations that have processes, or places for them.
  var generationsAlive: Int {
    (current == nil ? 0 : 1) + (upcoming == nil ? 0 : 1) + retired.count { !$0.workers.isEmpty }
  }

  /// May one more be loaded?
  var hasRoomForGeneration: Bool { generationsAlive < options.maxGenerations }

  /// What a reload, or a renewal, has to wait for.
  var whatGenerationsWaitFor: String {
    let drained = retired.flatMap(\.workers)
    let count = drained.count
    let workers = count == 1 ? "1 worker that drains" : "\(count) workers that drain"
    let limit =
      options.drainTimeout.duration == nil
      ? " for as long as its clients like (--drain-timeout none)"
      : ", for \(options.drainTimeout) at most"
    return """
      \(generationsAlive) generations are alive (--max-generations \(options.maxGenerations)), \
      and the next one waits for \(workers)\(limit)
      """
  }

  /// Said once for all requests that wait together.
  func reloadWaits() {
    guard !hasSaidReloadWaits else { return }
    hasSaidReloadWaits = true
    let reason = whatGenerationsWaitFor
    logger.warning("the reload waits: \(reason)")
    noteToReloadWaiters(reason)
  }

  /// A generation has ended, or stopped loading: what has waited for that is done.
  func useRoomForGeneration() {
    guard phase == .serving, !isChanging else { return }
    if wantsReload, hasRoomForGeneration { reload() }
    fallBackIfDue()
    renewIfSpent()
  }
}
