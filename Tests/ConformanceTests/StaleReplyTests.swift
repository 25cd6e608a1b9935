// The first promise: a reply never reaches another client, whatever the handler does with the
// pointer (with a declared promise: as long as it keeps that one; breaches are counted and named).

import Foundation
import Harness
import Testing

@Suite(.tags(.backend), .serialized, .realProcesses, .timeLimit(.minutes(3)))
struct StaleReplyTests {
  private static let time = Duration.seconds(3)

  private func keeper(_ name: String, _ flags: String, honest: Bool) throws -> URL {
    try Fixture.c(
      "keeper", "-DKEEPER_FLAGS=\(flags)", "-DKEEPER_HONEST=\(honest ? 1 : 0)",
      "-DKEEPER_NAME=\"\(name)\"")
  }

  private func soak(_ portico: Portico, for time: Duration = Self.time) throws -> Soak.Outcome {
    var random = RandomSource(for: "StaleReplyTests")
    let outcome = try Soak.run(portico.address(), for: time, seed: random.next())
    #expect(outcome.connections > 100, "\(outcome)")
    #expect(outcome.failures == 0, "\(outcome)")
    #expect(portico.log.filter { $0.message.contains("SIG") }.map(\.raw) == [])
    return outcome
  }

  @Test(arguments: Transport.streams, ["0", "PORTICO_FORGETS", "PORTICO_INLINE"])
  func `A handler that keeps every reply and calls old ones reaches no other client`(
    transport: Transport, flags: String
  ) throws {
    let portico = try Portico(plugin: keeper("honest", flags, honest: true), over: transport)
    let outcome = try soak(portico)
    #expect(outcome.wrongBytes == 0, "\(outcome)")
    if flags != "0" {
      let blamed = portico.log.filter { $0.raw.contains(flags) }.map(\.raw)
      #expect(blamed == [], "an honest handler")
    }
  }

  @Test(arguments: ["PORTICO_FORGETS", "PORTICO_INLINE"])
  func `A handler that breaks its promise is counted and named`(flags: String) throws {
    let portico = try Portico(plugin: keeper("liar", flags, honest: false))
    _ = try soak(portico, for: .seconds(2))
    let line = try portico.waitForLog { $0.raw.contains(flags) }
    #expect(line.raw.contains("liar"))
    #expect(line.message.contains(/\d/), "counted: \(line)")
  }

  @Test(arguments: ["PORTICO_FORGETS", "PORTICO_INLINE"])
  func `With --strict not even a broken promise lets a reply reach another client`(
    flags: String
  ) throws {
    let portico = try Portico(plugin: keeper("liar", flags, honest: false), "--strict")
    let outcome = try soak(portico)
    #expect(outcome.wrongBytes == 0, "\(outcome)")
    let line = try portico.waitForLog { $0.raw.contains(flags) }
    #expect(line.raw.contains("liar"))
  }
}

/// `make soak SEED=1 SECONDS=60`: as long as SOAK_SECONDS says, shared out between the three rules.
/// StaleReplyTests does the same for a short time.
@Suite(.tags(.backend, .thorough), .serialized, .realProcesses)
struct StaleReplySoakTests {
  @Test func `A soak for as long as SOAK_SECONDS says, or 9`() throws {
    let seconds = Double(EnvironmentNumber("SOAK_SECONDS", orElse: 9).value)
    var random = RandomSource(for: "the long soak")
    var wrong = 0
    var connections = 0
    for flags in ["0", "PORTICO_FORGETS", "PORTICO_INLINE"] {
      let plugin = try Fixture.c(
        "keeper", "-DKEEPER_FLAGS=\(flags)", "-DKEEPER_HONEST=1", "-DKEEPER_NAME=\"\(flags)\"")
      let portico = try Portico(plugin: plugin, "--log-level", "warning")
      let outcome = try Soak.run(
        portico.address(), for: .seconds(seconds / 3), seed: random.next())
      print("\(flags): \(outcome)")
      #expect(outcome.failures == 0)
      #expect(outcome.connections > 0)
      wrong += outcome.wrongBytes
      connections += outcome.connections
    }
    print("wrong bytes \(wrong)")
    print("connections served \(connections)")
    #expect(wrong == 0)
  }
}
