// Suites that may not run beside others, and why: each makes a run longer, so the list is short.

/// The suites with the trait `realProcessesAlone`, and no others.
package enum SuitesAlone {
  package static let reasons = [
    "LessonTests": "the lesson measures how long its bad network takes",
    "LessonEndTests": "the lesson measures how long its bad network takes",
    "LessonFilesTests": "the lesson measures how long its bad network takes",
    "LessonFindingTests": "the lesson measures how long its bad network takes",
    "ManyConnectionsTests": "so many clients take nearly all ports and descriptors of the machine",
    "RestartTimeTests": "measures the time from a death to the next answer",
    "LastClientTests": "an end waits two seconds for clients; beside load a start takes longer",
    "BenchStallTests": "a stall of the machine looks as the stall that it makes",
  ]
}
