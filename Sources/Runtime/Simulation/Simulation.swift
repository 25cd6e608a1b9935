// The runner: schedule after schedule, each from a seed of its own, until one fails or all have
// passed. The first failure ends it with the seed, and the seed alone brings the failure back.
//
//   portico-simulate --seed 1 --schedules 100000      seeds 1 to 100000
//   portico-simulate --seed 4711 --trace              one schedule, told event by event
//   portico-simulate --filtered --schedules 100000    the same through filters that lose nothing
//   portico-simulate --leave-out backOff              must fail, or the checks are worth nothing

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel

/// Plays schedules of clients, a kernel that fails, and a handler, against the real loop.
public enum Simulation {
  /// Bytes that a call's replies may have before they are queued: few, so that they are.
  static let stageCapacity = 512
  /// Seeds in which everything that can be injected has been.
  private static let telling = 10_000

  /// Plays what `arguments` say. 0 when every check held; a failed one ends the process with 1.
  public static func run(_ arguments: [String]) -> Int32 {
    guard let options = Options(arguments) else {
      print(Options.usage)
      return 2
    }
    ck_line_buffer_output()
    do {
      let stage = try SimulationStage(leavingOut: options.leftOut)
      stage.world.value.isTracing = options.isTracing
      stage.world.value.isFiltered = options.isFiltered
      // SAFETY: one thread plays all schedules of a process.
      unsafe Verdict.leftOut = options.leftOut
      unsafe Verdict.isFiltered = options.isFiltered
      CrashReport.install()
      for seed in options.seed..<options.seed + options.count {
        if seed % 1024 == 0 { CrashReport.expectLife() }
        try Schedule.run(seed, stage)
      }
      return report(stage.world.value.coverage, isComplete: !options.isFiltered)
    } catch {
      print("cannot simulate: \(error)")
      return 2
    }
  }

  /// Through filters there are no limits of time and no datagrams.
  private static func report(_ coverage: Coverage, isComplete: Bool) -> Int32 {
    print(coverage.summary)
    guard isComplete, coverage.schedules >= telling, !coverage.missing.isEmpty else { return 0 }
    print("never happened: \(coverage.missing.map { "\($0)" }.joined(separator: ", "))")
    return 1
  }

  /// The command line.
  private struct Options {
    static let usage = """
      usage: portico-simulate [--seed N] [--schedules N] [--filtered] [--leave-out STEP]
             [--trace]
      STEP is one of: \(LoopStep.allCases.map(\.rawValue).joined(separator: ", "))
      """

    var seed: UInt64 = 1
    var count: UInt64 = 1
    var leftOut: LoopStep?
    var isTracing = false
    var isFiltered = false

    init?(_ arguments: [String]) {
      var rest = arguments[...]
      while let option = rest.popFirst() {
        if option == "--trace" {
          isTracing = true
          continue
        }
        if option == "--filtered" {
          isFiltered = true
          continue
        }
        guard let value = rest.popFirst() else { return nil }
        switch option {
        case "--seed":
          guard let number = UInt64(value) else { return nil }
          seed = number
        case "--schedules":
          guard let number = UInt64(value), number > 0 else { return nil }
          count = number
        case "--leave-out":
          guard let step = LoopStep(rawValue: value) else { return nil }
          leftOut = step
        default: return nil
        }
      }
    }
  }
}
