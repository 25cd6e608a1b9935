// What verdicts, pictures and tables ask of a run, computed in one place so that all of them agree.

internal import BadNetwork
internal import Foundation

extension Run {
  /// Messages that the client was to send.
  var messageCount: Int { client.messages.count }
  /// Messages that were never answered, those that were never sent among them.
  var unanswered: Int { messageCount - client.answered }
  /// What the server says of the transport that was used.
  var serverCount: ServerReport.Count {
    server.counts[way == .tcp ? "tcp" : "udp"] ?? ServerReport.Count()
  }
  /// Requests that a cost is divided by.
  var requestCount: Int { client.answered > 0 ? client.answered : messageCount }
  /// CPU that the worker used from the first sample to the last.
  var workerCPU_us: Int {
    guard let first = server.samples.first, let last = server.samples.last else { return 0 }
    return last.cpu_us - first.cpu_us
  }
  /// Of the worker, for each request, in microseconds.
  var workerCPUEach: Double { ratio(workerCPU_us, requestCount) ?? 0 }
  /// Of the worker, for each request; 0 when they were not traced.
  var callsEach: Double { ratio(server.systemCalls.values.reduce(0, +), requestCount) ?? 0 }
  /// Over the link, both ways together, for each request.
  var packetsEach: Double { ratio(network.entered, requestCount) ?? 0 }
  /// What had crossed the link before the first packet with bytes entered it: the flags of each.
  var flagsBeforeData: [String] {
    guard let first = packets.first(where: { $0.payloadCount > 0 }) else { return [] }
    return packets.filter { packet in
      packet.left_us.contains { $0 <= first.entered_us }
    }.map(\.flags)
  }
  /// Packets with bytes to the server that one which had entered later came out before.
  var overtakenCount: Int {
    let carrying = packets.filter { $0.direction == .toServer && $0.payloadCount > 0 }
    return carrying.indices.count { place in
      guard let left_us = carrying[place].left_us.first else { return false }
      return carrying[(place + 1)...].contains { ($0.left_us.first ?? .max) < left_us }
    }
  }
  /// Packets with bytes that came out to the server twice.
  var deliveredTwiceCount: Int {
    packets.count { $0.direction == .toServer && $0.payloadCount > 0 && $0.left_us.count == 2 }
  }
  /// Where datagrams found no room: `found a full buffer: 9,834 at the client`.
  var fullBuffers: String {
    let counts = [
      (network.clientKernel["Udp.RcvbufErrors"] ?? 0, "client"),
      (network.serverKernel["Udp.RcvbufErrors"] ?? 0, "server"),
    ]
    let places = counts.filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) at the \($0.1)" }
    return places.isEmpty
      ? "no buffer was full" : "found a full buffer: \(places.joined(separator: ", "))"
  }
  /// When the last answer came; nil when none did. What `finished_us` has beyond that is waiting.
  var lastAnswer_us: Int? { client.messages.compactMap(\.answered_us).max() }
  /// What some memory was at its highest above what it was at rest, in bytes.
  func growth(_ memory: KeyPath<ServerReport.Sample, Int>) -> Int {
    let values = server.samples.map { $0[keyPath: memory] }
    return (values.max() ?? 0) - (values.first ?? 0)
  }
  /// The same shared among so many; nil of less than one page in all: memory is handed out in
  /// pages, so that says nothing about any one of them.
  func growth(_ memory: KeyPath<ServerReport.Sample, Int>, for count: Int) -> Double? {
    let growth = growth(memory)
    return growth < 4096 ? nil : ratio(growth, count)
  }
  /// CPU of the worker while its peers were idle, in microseconds for each peer and second: from
  /// the samples of the last half second, for which the client keeps its peers idle, those in which
  /// no connection had ended yet. Nil when they are too few.
  var idleCPUEach_us_per_s: Double? {
    guard let end_us = server.samples.last?.at_us,
      let most = server.samples.map(\.tcpSockets).max(), messageCount > 0
    else { return nil }
    let idle = server.samples.filter { $0.at_us >= end_us - 500_000 && $0.tcpSockets == most }
    guard let first = idle.first, let last = idle.last, last.at_us - first.at_us >= 100_000
    else { return nil }
    let seconds = Double(last.at_us - first.at_us) / 1_000_000
    return Double(last.cpu_us - first.cpu_us) / Double(messageCount) / seconds
  }
  /// A message that was lost on its way to the server, and what that did to those behind it.
  struct HeadOfLine: Equatable {
    var number: Int
    /// Of its answer; nil when there never was one.
    var delay_us: Int?
    /// The delay that half of the run's answers did not exceed.
    var usual_us: Int
    /// Messages behind it that the handler got in the same call: they waited for it.
    var waiting: Int
  }
  /// The message in the first packet with bytes that the link lost on its way to the server; nil
  /// where no packet was lost, or packets were not kept. What the link did names it, and not how
  /// long an answer took: that may have had another reason.
  var headOfLine: HeadOfLine? {
    let lost = packets.first { packet in
      packet.direction == .toServer && packet.payloadCount > 0
        && packet.treatments.contains(.dropped)
    }
    guard let lost, let number = Int(lost.excerpt.prefix(8)),
      client.messages.indices.contains(number)
    else { return nil }
    let victim = client.messages[number]
    let behind = client.messages[(number + 1)...]
    return HeadOfLine(
      number: number, delay_us: victim.delay_us, usual_us: client.delays_us.quantile(0.5) ?? 0,
      waiting: victim.call == nil ? 0 : behind.count { $0.call == victim.call })
  }
  /// Messages whose number and place in the order of arrival are known: number, and by how many
  /// places it came later than its turn (negative: earlier).
  var displacements: [(number: Int, places: Int)] {
    let known = client.messages.indices.compactMap { number in
      client.messages[number].arrival.map { (number: number, arrival: $0) }
    }
    let ranks = known.sorted { $0.arrival < $1.arrival }.enumerated()
      .reduce(into: [Int: Int]()) { $0[$1.element.number] = $1.offset }
    return known.enumerated().map { ($1.number, (ranks[$1.number] ?? $0) - $0) }
  }
  /// Of `10 % lost`, 0.1; 0 of `no faults`; nil where the link did something else.
  var lossRate: Double? {
    if condition == "no faults" { return 0 }
    let words = condition.split { $0 == " " || $0 == "%" || $0 == "\u{A0}" }
    guard words.count == 2, words[1] == "lost" else { return nil }
    return Double(words[0]).map { $0 / 100 }
  }
}

extension ClientReport {
  /// Datagrams that the program sent beyond the first of each message.
  var extraSends: Int { messages.reduce(0) { $0 + max(0, $1.attempts - 1) } }
  /// The longest time in which the kernel took no message, since when, and how many it had taken
  /// before.
  var longestPause: (count: Int, start_us: Int, length_us: Int)? {
    let sent = messages.compactMap(\.sent_us)
    let pauses = zip(sent, sent.dropFirst()).map { $1 - $0 }
    guard let place = pauses.indices.max(by: { pauses[$0] < pauses[$1] }) else { return nil }
    return (place + 1, sent[place], pauses[place])
  }
}

extension Results {
  /// The runs of the matrix in which the link lost packets, or did nothing, by rate.
  func lossRuns(_ way: Way) -> [(rate: Double, run: Run)] {
    runs(of: "matrix").filter { $0.way == way }
      .compactMap { run in run.lossRate.map { (rate: $0, run: run) } }
      .sorted { $0.rate < $1.rate }
  }

  /// The run of the matrix under these faults.
  func matrixRun(_ condition: String, _ way: Way) -> Run? {
    runs(of: "matrix").first { $0.condition == condition && $0.way == way }
  }

  /// Runs by name, those that were made.
  func made(_ ids: [String]) -> [Run] { ids.compactMap(run) }
}
