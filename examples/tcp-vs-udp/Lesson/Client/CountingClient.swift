// The client as a program runs it: signals become something to read, and what this machine cannot
// give becomes a sentence.

internal import Kernel

/// Runs clients.
public enum CountingClient {
  /// Runs a plan to its end, or until INT, TERM, HUP or QUIT. To be called before any thread is
  /// started. What the network did is in the report; throws a sentence on what is wrong here.
  public static func run(_ plan: ClientPlan) throws(LessonFailure) -> ClientReport {
    do throws(SystemError) {
      let signals = try SignalDescriptor()
      return try ClientRun.run(plan, until: signals.descriptor)
    } catch {
      throw LessonFailure(
        "the client cannot run: \(error); if it is the limit of open files, use fewer --peers")
    }
  }
}
