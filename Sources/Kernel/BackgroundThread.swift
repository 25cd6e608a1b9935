// A thread that may block where the rest of the process must not, and a bell to wake it with.

internal import CKernel
internal import Glibc

/// Starts threads; there is nothing to own, they end with the process.
public enum BackgroundThread {
  private final class Job {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own, with every signal blocked.
  public static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    try unsafe start(body) { run, job in unsafe ck_start_thread(run, job) }
  }

  /// The same on a thread that has descriptors of its own: standard input, output and error, and
  /// `kept`, which is closed for everybody else. (Where the kernel cannot, all are shared as ever.)
  public static func start(
    keeping kept: Int32, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    try unsafe start(body) { run, job in unsafe ck_start_isolated_thread(run, job, kept) }
  }

  private typealias Run = @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?

  private static func start(
    _ body: @escaping @Sendable () -> Void, by starting: (Run, UnsafeMutableRawPointer) -> Int32
  ) throws(SystemError) {
    // SAFETY: the retain travels to the thread, which gives it back; if there is no thread, here.
    let job = unsafe Unmanaged.passRetained(Job(body))
    let result = unsafe starting(
      { raw in
        unsafe Unmanaged<Job>.fromOpaque(raw!).takeRetainedValue().run()
        return nil
      }, job.toOpaque())
    if result != 0 { unsafe job.release() }
    try SystemError.check("pthread_create", result)
  }
}

/// Wakes one sleeping thread; rings before it sleeps are not lost.
public struct Bell: ~Copyable, Sendable {
  private let descriptor: Descriptor

  /// A bell that has not been rung.
  public init() throws(SystemError) {
    descriptor = Descriptor(owning: try SystemError.check("eventfd", ck_blocking_eventfd()))
  }

  /// Can be read once it has been rung; for a poller.
  public var rawValue: Int32 { descriptor.rawValue }

  /// Wakes the sleeper, or keeps it from falling asleep. From any thread.
  public func ring() {
    var one: UInt64 = 1
    _ = unsafe ck_write(descriptor.rawValue, &one, 8)
  }

  /// Sleeps until the bell has been rung since the last time.
  public func sleep() {
    var count: UInt64 = 0
    _ = unsafe ck_read(descriptor.rawValue, &count, 8)
  }

  /// The same for a while only; true when it rang.
  @discardableResult
  public func sleep(atMost timeout: Duration) -> Bool {
    guard descriptor.isReadable(within: timeout) else { return false }
    sleep()
    return true
  }
}
