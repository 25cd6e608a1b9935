// A transcript over UDP: each line of the client is a datagram, each expected answer one as well.
// A datagram's reply ends with its call, so an answer that is not there then never comes.

internal import CKernel
internal import Control
internal import Kernel
internal import Transcript

extension CheckRun {
  private static var sizes: [Int] { [0, 1, 2, 3, 511, 512, 513, 1472, 4096, 16384, 65506, 65507] }

  mutating func playDatagrams(_ index: Int) -> CaseFailure? {
    let file = task.names[index]
    stage.network.value.sentDatagrams = []
    var lastLine = 0
    for step in transcripts[index].steps {
      switch step.action {
      case .send(let bytes):
        if let failure = refuseRest(file, lastLine) { return failure }
        guard bytes.count <= 65507 else {
          return CaseFailure(file, line: step.line, "a datagram has at most 65507 bytes")
        }
        stage.network.value.datagrams.append(bytes)
        stage.turn()
      case .expect(let patterns):
        if let failure = expect(patterns, step, file) { return failure }
      case .pause(let milliseconds):
        stage.network.value.skip(to: stage.network.value.now_ms() + UInt64(milliseconds))
        stage.turn()
      case .endInput, .expectEnd:
        return CaseFailure(file, line: step.line, "datagrams have no end")
      }
      lastLine = step.line
    }
    return refuseRest(file, lastLine)
  }

  private mutating func expect(
    _ patterns: [Transcript.Pattern], _ step: Transcript.Step, _ file: String
  ) -> CaseFailure? {
    var matcher = TranscriptMatcher([TranscriptMatcher.Block(patterns, line: step.line)])
    guard !stage.network.value.sentDatagrams.isEmpty else {
      guard let mismatch = matcher.report() else {
        return CaseFailure(file, line: step.line, "no answer came, not even an empty datagram")
      }
      return CaseFailure(file, mismatch, whose: "")
    }
    matcher.feed(stage.network.value.sentDatagrams.removeFirst())
    return matcher.report().map { CaseFailure(file, $0, whose: "") }
  }

  private func refuseRest(_ file: String, _ line: Int) -> CaseFailure? {
    guard let first = stage.network.value.sentDatagrams.first else { return nil }
    return CaseFailure(
      file, line: line,
      "\(stage.network.value.sentDatagrams.count) more datagrams came than were expected behind "
        + "this line, the first of \(first.count) bytes")
  }

  mutating func playDatagramSizes(_ filler: ProbeCase.Filler) -> CaseFailure? {
    var filler = filler
    for size in Self.sizes {
      stage.network.value.datagrams.append(filler.fill(size, from: 0))
      stage.turn()
      stage.network.value.sentDatagrams = []
    }
    return nil
  }
}
