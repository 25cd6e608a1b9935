internal import Control

struct CheckRun: ~Copyable {
  var stage: ProbeStage
  let task: CheckTask
  consuming func run() throws {}
}
