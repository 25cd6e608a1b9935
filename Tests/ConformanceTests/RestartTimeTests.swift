// How long a worker's death is felt: from the kill to the next answer, and from exec to a plugin
// that is loaded. The figures are printed; the limits only catch what is plainly broken, since the
// machine that runs this may be busy with other tests.

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcessesAlone, .timeLimit(.minutes(3)))
struct RestartTimeTests {
  private static let sampleCount = 20

  private func median(_ times: [Duration]) -> Duration { times.sorted()[times.count / 2] }

  private func text(_ time: Duration) -> String {
    "\(((time / .milliseconds(1)) * 10).rounded() / 10) ms"
  }

  @Test func `A worker that dies is replaced within milliseconds`() throws {
    var times: [Duration] = []
    // A host each: the second death of one within a minute is answered with a pause.
    for _ in 0..<Self.sampleCount {
      let portico = try Portico(["--plugin", "echo", "--workers", "1"])
      let worker = try #require(portico.workers.first)
      kill(worker, SIGKILL)
      let start = ContinuousClock.now
      let client = try portico.client()
      try client.send("next")
      #expect(try client.receiveText(4) == "next")
      times.append(.now - start)
    }
    print(
      "from a worker's death to the next answer: median \(text(median(times))), "
        + "at most \(text(times.max() ?? .zero))")
    #expect(median(times) < .milliseconds(Paths.isRelease ? 500 : 2000))
  }

  @Test func `A worker is ready soon after its exec`() throws {
    var times: [Duration] = []
    for _ in 0..<Self.sampleCount {
      let portico = try Portico(["--plugin", "echo", "--workers", "1", "--log-level", "debug"])
      let started = try portico.waitForLog(containing: "worker 0 started as pid")
      let ready = try portico.waitForLog(containing: "listening on")
      times.append(try time(of: ready) - time(of: started))
    }
    print(
      "from a worker's start to its readiness: median \(text(median(times))), "
        + "at most \(text(times.max() ?? .zero))")
    #expect(median(times) < .milliseconds(Paths.isRelease ? 300 : 2000))
  }

  /// The stamp at the beginning of a line, since midnight.
  private func time(of line: LogLine) throws -> Duration {
    let match = try #require(line.raw.firstMatch(of: /T(\d\d):(\d\d):(\d\d)\.(\d{3})Z/))
    let (hours, minutes, seconds, ms) = (Int(match.1), Int(match.2), Int(match.3), Int(match.4))
    let whole = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)
    return .seconds(whole) + .milliseconds(ms ?? 0)
  }
}
