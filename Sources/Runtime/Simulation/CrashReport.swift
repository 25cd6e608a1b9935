// A precondition that fails in the loop is a finding as well: the process dies of it, but says with
// which seed. So does one that hangs.

internal import Glibc

enum CrashReport {
  /// No schedule takes a hundredth of this.
  private static let mostSeconds: UInt32 = 20

  static func install() {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM] {
      signal(number) { number in
        // Only calls that a signal handler may make.
        CrashReport.write("seed ")
        unsafe CrashReport.write(Verdict.seed)
        CrashReport.write(number == SIGALRM ? ": the loop hangs\n" : ": the loop crashes\n")
        _exit(1)
      }
    }
  }

  /// The present schedules have so much time again.
  static func expectLife() { alarm(mostSeconds) }

  private static func write(_ text: StaticString) {
    // SAFETY: a static string lies in the image.
    _ = unsafe Glibc.write(1, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func write(_ number: UInt64) {
    if number > 9 { write(number / 10) }
    var digit = UInt8(ascii: "0") + UInt8(number % 10)
    _ = unsafe Glibc.write(1, &digit, 1)
  }
}
