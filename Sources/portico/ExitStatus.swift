// How commands end when they cannot do their work: one sentence on stderr and status 1.

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Ends the program with status 1.
func exitWithFailure() -> Never { exit(1) }

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Control
  internal import Kernel
  internal import Supervisor

  /// Does a command's work; a failure becomes `portico: ...` on stderr and the status.
  func reportingFailure(
    status: Int32 = 1, _ body: () throws(StartFailure) -> Void
  ) throws(ExitCode) {
    do throws(StartFailure) {
      try body()
    } catch {
      let sentence = "portico: \(error.shown)\n"
      try? Descriptor.standardError().writeAllWaiting(Array(sentence.utf8))
      throw ExitCode(status)
    }
  }

#endif
