// The promise: nothing that reaches the control socket harms the host, and nobody but its owner is
// obeyed.

import Foundation
import Harness
import Testing

private let needsRoot: ConditionTrait = .enabled("needs root: it becomes another user") {
  geteuid() == 0
}

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct ControlSocketTests {
  private func host(_ arguments: String...) throws -> Portico {
    try Portico(["--plugin", "echo", "--workers", "1"] + arguments)
  }

  /// What the host answers to some bytes; the connection may end while they are sent.
  private func ask(_ portico: Portico, _ bytes: [UInt8]) throws -> String {
    let client = try Client(portico.controlSocket)
    try? client.send(bytes)
    try? client.shutdownSend()
    return try client.receiveToEnd().text
  }

  private func ask(_ portico: Portico, _ text: String) throws -> String {
    try ask(portico, Array(text.utf8))
  }

  private func descriptorCount(_ portico: Portico) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(portico.child.pid)/fd").count
  }

  /// What each descriptor is, and how many workers there are, for a message.
  private func listing(of portico: Portico) throws -> String {
    let folder = "/proc/\(portico.child.pid)/fd"
    let files = FileManager.default
    let all = try files.contentsOfDirectory(atPath: folder).map { name in
      let target = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      return "\(name) \(target ?? "")"
    }
    return "workers \(portico.workers), descriptors \(all.sorted())"
  }

  private func servesOn(_ portico: Portico) throws {
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    #expect(try ask(portico, "status text\n").hasPrefix("ok\nPortico "))
  }

  @Test(needsRoot) func `Another user is refused whatever the modes say`() throws {
    let portico = try host()
    guard case .unix(let path) = portico.controlSocket else { return }
    chmod(Paths.temporary.path, 0o755)
    chmod(portico.runFolder.path, 0o755)
    let asker = try Fixture.program("asknobody")
    func askAsNobody() throws -> Finished { try Finished(asker, [path, "stop\n"]) }
    let kept = try askAsNobody()
    #expect(kept.error == "connect: Permission denied\n", "by the file's own mode")
    chmod(path, 0o666)
    let finished = try askAsNobody()
    #expect(finished.output == "failed only the owner of this Portico may control it\n")
    try servesOn(portico)
    #expect(portico.child.exit == nil)
  }

  @Test func `Half a request is waited for, but not for long`() throws {
    let portico = try host()
    let slow = try Client(portico.controlSocket)
    let silent = try Client(portico.controlSocket)
    try slow.send("status ")
    try servesOn(portico)
    try slow.send("text\n")
    #expect(try slow.receiveToEnd().text.hasPrefix("ok\nPortico "))
    #expect(try silent.receiveToEnd().text == "failed no request has come for 5 s\n")
    #expect(try ask(portico, "statu") == "", "its end is its end")
  }

  @Test func `A hundred kilobytes of garbage are refused`() throws {
    let portico = try host()
    var random = RandomSource(for: "control socket garbage")
    for _ in 0..<20 {
      let answer = try ask(portico, random.bytes(100_000))
      #expect(answer.hasPrefix("failed ") || answer.isEmpty)
    }
    try servesOn(portico)
  }

  @Test func `A hundred clients that ask for nothing keep nobody out`() throws {
    let portico = try host()
    let idle = try (0..<100).map { _ in try Client(portico.controlSocket) }
    let start = ContinuousClock.now
    try servesOn(portico)
    #expect(ContinuousClock.now - start < .seconds(4), "they need not time out first")
    #expect(try idle[0].receiveToEnd().text.hasPrefix("failed too many clients"))
    withExtendedLifetime(idle) {}
  }

  @Test func `Ten thousand random requests leave the host as it was`() throws {
    let portico = try host("--log-level", "error")
    var random = RandomSource(for: "control socket fuzz")
    let words = [
      "status text", "status json", "summary", "reload", "suspend", "resume", "note", "ok", "",
    ]
    // From the first reload on the host keeps the plugin that it replaced, to fall back to.
    #expect(try ask(portico, "reload\n").hasPrefix("ok serving"))
    try servesOn(portico)
    try #require(eventually { portico.workers.count == 1 })
    let descriptors = try descriptorCount(portico)
    for round in 0..<10_000 {
      var bytes = Array(words[random.below(words.count)].utf8) + [10]
      // Work, for a worker too, and so a matter of time.
      let isWork = bytes.starts(with: "reload".utf8) || bytes.starts(with: "suspend".utf8)
      if isWork, random.below(100) > 0 { bytes[0] = 0 }
      switch random.below(6) {
      case 0: bytes = random.bytes(random.below(400))
      case 1: bytes[random.below(bytes.count)] = UInt8(random.below(256))
      case 2: bytes.removeLast()
      case 3: bytes += random.bytes(random.below(300))
      default: break
      }
      let client = try Client(portico.controlSocket)
      try? client.send(bytes)
      // Some go without waiting for an answer.
      if random.below(4) == 0 { continue }
      try? client.shutdownSend()
      let answer = try client.receiveToEnd().text
      #expect(
        answer.isEmpty || answer.contains(/^(note [^\n]*\n)*(ok|failed)[ \n]/),
        "round \(round): \(bytes) → \(answer)")
    }
    #expect(portico.child.exit == nil)
    _ = try ask(portico, "resume\n")
    try servesOn(portico)
    // Reloads that nobody waited for may be under way, which in a crowd takes long.
    let isBack = eventually(within: .seconds(60)) {
      (try? descriptorCount(portico)) == descriptors
    }
    try #require(isBack, "\((try? listing(of: portico)) ?? ""); it had \(descriptors)")
  }

  @Test func `A thousand clients leave no descriptor behind`() throws {
    let portico = try host()
    try servesOn(portico)
    let before = try descriptorCount(portico)
    for round in 0..<1000 {
      if round % 10 == 0 { #expect(try ask(portico, "summary\n").hasPrefix("ok tcp://")) }
      _ = try Client(portico.controlSocket)
    }
    #expect(eventually { (try? descriptorCount(portico)) == before })
  }

  @Test func `Out of descriptors it takes clients later, and says so once`() throws {
    let portico = try host()
    try servesOn(portico)
    func limit(_ count: Int) throws {
      let finished = try Finished(
        URL(fileURLWithPath: "/usr/bin/env"),
        ["prlimit", "--pid", "\(portico.child.pid)", "--nofile=\(count):"])
      #expect(finished.exit == .status(0), "\(finished.error)")
    }
    let before = try ProcessView.text(of: "/proc/\(portico.child.pid)/limits")
    let soft = try #require(before.firstMatch(of: /Max open files +(\d+)/).flatMap { Int($0.1) })
    try limit(3)
    let waiting = try Client(portico.controlSocket)
    try waiting.send("summary\n")
    try portico.waitForLog(containing: "the control socket takes no client for now")
    // Clients are the workers' affair.
    let client = try portico.client()
    try client.send("x")
    #expect(try client.receiveText(1) == "x")
    #expect(try waiting.receiveWhatComes(within: .seconds(3)).isEmpty)
    try limit(soft)
    #expect(try waiting.receiveToEnd().text.hasPrefix("ok tcp://"))
    let said = portico.log.count { $0.message.contains("takes no client for now") }
    #expect(said == 1, "not once a second")
    try servesOn(portico)
  }
}
