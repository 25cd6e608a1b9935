// What `portico bench --json` prints, as its tests read it.

import Foundation
import Harness

/// What --json prints.
struct BenchRun: Decodable {
  var uri: String
  var mode: String
  var connections: Int
  var pipeline: Int
  var threads: Int
  var rate: Int?
  var seconds: Double
  var requests: Int
  var requests_per_second: Double
  var bytes_in: Int
  var bytes_out: Int
  var errors: [String: Int]
  var overdue: Int
  var latency_us: [String: Double]
  var server: Server?

  struct Server: Decodable {
    var cpu_seconds: Double
    var cpu_us_per_request: Double
    var processes: [Process]
  }

  struct Process: Decodable {
    var pid: Int32
    var name: String
    var cpu_seconds: Double
  }

  init(_ text: String, _ error: String) throws {
    do {
      self = try JSONDecoder().decode(BenchRun.self, from: Data(text.utf8))
    } catch {
      throw Failure("not what --json prints: \(text.debugDescription)\n\(error)")
    }
  }
}
