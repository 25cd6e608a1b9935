// The largest files that a configuration needs, so that one for which RLIMIT_FSIZE is too low is
// refused at the start with a sentence: memory files count as files. Pure.

/// The largest memory files of one configuration.
package struct FileSizes: Equatable, Sendable {
  /// The buffers of each worker, which are as large as what it may hold for its clients.
  package let buffers: Int
  /// In which workers count their clients.
  package let tally: Int

  package init(buffers: Int, tally: Int) {
    self.buffers = buffers
    self.tally = tally
  }

  /// Why a limit does not suffice, and what would; nil when it does.
  package func shortage(limit: Int?) -> String? {
    guard let limit, limit < max(buffers, tally) else { return nil }
    let isBuffers = buffers >= tally
    let purpose = isBuffers ? "the buffers of a worker" : "counting clients"
    // Less than this is not to be had by any option.
    let isEnoughForSome = isBuffers && limit >= max(WorkerBudget.minimumMemory, tally)
    return """
      files of \(ByteCount(max(buffers, tally))) are needed in memory (for \(purpose)), and \
      RLIMIT_FSIZE allows \(ByteCount(limit)): raise the limit (ulimit -f, LimitFSIZE=)\
      \(isEnoughForSome ? ", or lower --memory-limit" : "")
      """
  }
}
