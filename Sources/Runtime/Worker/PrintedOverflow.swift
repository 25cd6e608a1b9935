// What a plugin prints goes through an ordinary pipe to the supervisor. If that does not keep up,
// or has been stopped, the pipe fills, and whoever prints would have to wait until it is read. So a
// thread of the worker's looks at the pipe as long as there is something in it, and throws the
// oldest of it away when it fills. It allocates nothing, and takes no byte that is read in time.

internal import CKernel
internal import Kernel

/// Keeps the pipe behind stdout and stderr from filling.
enum PrintedOverflow {
  /// So long the pipe is left alone once something has been printed: nearly always, the supervisor
  /// has read it by then. It is also the longest that anybody who prints has to wait.
  private static let period_ms: Int32 = 2
  private static let scratchByteCount = 1 << 16

  /// Starts the thread, which lives as long as the process or as anybody can print. `output` was
  /// opened when this process was its first user.
  static func watch(_ output: OwnOutput?, page: SharedPage) throws(SystemError) {
    guard let output else { return }
    let scratch = Immortal(try Mapping(anonymous: scratchByteCount))
    try output.onThread { output in
      while output.waitForBytes() {
        output.pause(milliseconds: period_ms)
        relieve(output, page, scratch)
      }
    }
  }

  /// The supervisor may be reading at the same moment: the page tells it that bytes are missing.
  private static func relieve(
    _ output: OwnOutput, _ page: SharedPage, _ scratch: Immortal<Mapping>
  ) {
    let (byteCount, capacity) = (output.byteCount, output.capacity)
    guard capacity > 0, byteCount >= capacity / 4 * 3 || output.isFull else { return }
    page.beginPrintedGap()
    let excess = max(byteCount - capacity / 2, byteCount / 3)
    page.endPrintedGap(lineCount: output.discard(excess, through: scratch.value))
  }
}
