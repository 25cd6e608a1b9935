// A process of the test's own: started by exec, its output read by threads so that it can never
// block on us, waited for with a deadline, and killed by its own pid when nobody wants it any more.

package import Foundation
internal import Synchronization

/// How a process ended.
package enum Exit: Equatable, Sendable, CustomStringConvertible {
  case status(Int32)
  case signal(Int32)

  package var description: String {
    switch self {
    case .status(let status): "exit status \(status)"
    case .signal(let signal): "signal \(signal)"
    }
  }
}

/// A child process.
package final class Child: Sendable {
  /// Where a child's stderr goes.
  package enum ErrorOutput: Sendable {
    /// Read by a thread into `Child.error`.
    case captured
    /// A pipe that nobody reads until `Child.readError()` is called.
    case stuck
  }

  package let pid: pid_t
  package let output: TextBuffer
  package let error: TextBuffer
  private let errorDescriptor: Int32
  private let ended = Mutex<Exit?>(nil)

  // Descriptors are made and marked close-on-exec in two steps, so no other child may start
  // between.
  private static let spawning = Mutex<Void>(())

  /// Starts it with nothing of this process's open but a descriptor that it may be `passing`, which
  /// the child has as 3.
  package init(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:],
    workingDirectory: URL? = nil, errorOutput: ErrorOutput = .captured,
    passing passed: Int32? = nil
  ) throws {
    var variables = ProcessInfo.processInfo.environment
    // Hosts of the tests are not found where those of the machine's user are.
    variables["PORTICO_RUN_DIR"] = Paths.runFolder.path
    variables.merge(environment) { $1 }
    let (pid, output, error) = try Child.spawning.withLock { _ in
      let output = try Child.pipe()
      let error = try Child.pipe()
      defer {
        close(output.write)
        close(error.write)
      }
      let pid = try Child.spawn(
        executable.path, arguments, variables, workingDirectory?.path, output.write, error.write,
        passed)
      return (pid, output.read, error.read)
    }
    self.pid = pid
    self.output = TextBuffer()
    self.error = TextBuffer()
    errorDescriptor = error
    self.output.fill(from: output)
    switch errorOutput {
    case .captured: self.error.fill(from: error)
    case .stuck: break
    }
  }

  deinit { killNow() }

  /// Kills it if it is still there, and waits for that.
  func killNow() {
    guard exit == nil else { return }
    kill(pid, SIGKILL)
    _ = eventually(within: .seconds(5)) { exit != nil }
  }

  /// Starts to read what a child with a stuck stderr wrote.
  package func readError() { error.fill(from: errorDescriptor) }

  package func send(_ signal: Int32) { kill(pid, signal) }

  /// Nil while it runs.
  package var exit: Exit? {
    ended.withLock { known in
      if let known { return known }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7F
      known = signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
      return known
    }
  }

  /// Waits until it has ended and all its output was read.
  @discardableResult
  package func wait(within limit: Duration = .seconds(15)) throws -> Exit {
    guard eventually(within: limit, { exit != nil }), let exit else {
      throw Failure("process \(pid) did not end within \(limit); stderr:\n\(error.text)")
    }
    // A grandchild may hold a pipe open for a moment longer.
    _ = eventually(within: .seconds(1)) { output.isComplete && error.isComplete }
    return exit
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw Failure.system("pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
  /// posix_spawn_file_actions_addclosefrom_np, which the headers show only with _GNU_SOURCE.
  private static let closeFrom: CloseFrom = unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: CloseFrom.self)

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String], _ folder: String?,
    _ output: Int32, _ error: Int32, _ passed: Int32?
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, error, 2)
    // Nothing else of this process: a file that another thread is writing would be busy for as long
    // as this child lives.
    if let passed { posix_spawn_file_actions_adddup2(&actions, passed, 3) }
    let closes = closeFrom(&actions, passed == nil ? 3 : 4)
    guard closes == 0 else { throw Failure("posix_spawn_file_actions_addclosefrom_np: \(closes)") }
    // A test runner may ignore signals that a program started by a shell would not.
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

    // Changes folder and then becomes the program: the pid stays.
    let path = folder == nil ? program : "/usr/bin/env"
    let words = folder.map { [path, "-C", $0, program] } ?? [path]
    var argv = (words + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    var result = posix_spawn(&pid, path, &actions, &attributes, &argv, &envp)
    // A program that was just copied is busy while a child of another thread still has the copy
    // open.
    for _ in 0..<200 where result == ETXTBSY {
      usleep(10_000)
      result = posix_spawn(&pid, path, &actions, &attributes, &argv, &envp)
    }
    guard result == 0 else {
      throw Failure("cannot start \(path): \(String(cString: strerror(result)))")
    }
    return pid
  }
}

/// Runs a program to its end.
package struct Finished: Sendable {
  package let exit: Exit
  package let output: String
  package let error: String

  package init(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:],
    workingDirectory: URL? = nil, within limit: Duration = .seconds(20)
  ) throws {
    let child = try Child(
      executable, arguments, environment: environment, workingDirectory: workingDirectory)
    exit = try child.wait(within: limit)
    output = child.output.text
    error = child.error.text
  }
}
