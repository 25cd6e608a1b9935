// Idle: what peers cost that have said something once and then keep quiet. The worker's private
// pages are its own; the kernel's sockets show in the slab of the whole machine, so other programs
// are in that number too.

/// The picture `idle`.
struct IdlePicture: Picture {
  let id = "idle"
  let title = "What an idle peer costs"
  let needs = "the runs “idle-tcp” and “idle-udp”"
  private let runs: [Run]

  init(_ results: Results) {
    runs = results.made(["idle-tcp", "idle-udp"]).filter {
      $0.messageCount > 0 && !$0.server.samples.isEmpty
    }
  }

  var figure: Figure? {
    guard !runs.isEmpty else { return nil }
    let peers = runs.map { "\($0.way.title) \(Quantity.count($0.messageCount))" }
    let sockets = runs.map { run in
      "\(run.way.title) \(Quantity.count(run.server.samples.map(\.tcpSockets).max() ?? 0))"
    }
    return Figure(
      id: id, title: title,
      caption: "Memory at its highest less memory at rest, divided by the peers ("
        + peers.joined(separator: ", ")
        + "). Most TCP sockets open at once on the server: " + sockets.joined(separator: ", ")
        + ". UDP has one socket for everybody. The clients’ sockets are on the same machine, and "
        + "so in the kernel’s memory here. Less than one page in all is too little to measure. "
        + "CPU is that of the time in which all peers were there and none said anything.",
      drawings: [
        drawing("worker", "Private memory of the server’s program", \.private_B),
        drawing("kernel", "Memory of the kernel’s objects, both ends", \.slab_B),
        cpu,
      ].compactMap(\.self))
  }

  private var cpu: Markup? {
    let measured = runs.compactMap { run in run.idleCPUEach_us_per_s.map { (run, $0) } }
    guard !measured.isEmpty else { return nil }
    return BarPanel(
      picture: id, panel: "cpu", heading: "CPU of the server’s program, each second",
      bars: measured.map { run, each in
        BarPanel.Bar(
          run: run.id, name: run.way.title, value: each,
          text: Quantity.number(each) + Quantity.space + "µs", style: run.way.style)
      }, nameWidth: 60, width: 440
    ).drawing
  }

  private func drawing(
    _ panel: String, _ heading: String, _ memory: KeyPath<ServerReport.Sample, Int>
  ) -> Markup {
    BarPanel(
      picture: id, panel: panel, heading: heading,
      bars: runs.map { run in
        let each = run.growth(memory, for: run.messageCount)
        return BarPanel.Bar(
          run: run.id, name: run.way.title, value: each ?? 0, text: Quantity.memory(each),
          style: run.way.style)
      }, nameWidth: 60, width: 440
    ).drawing
  }
}
