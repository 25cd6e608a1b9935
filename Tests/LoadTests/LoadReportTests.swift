// Promise: the object of --json has the documented keys and is valid whatever the URI holds; the
// picture is well-formed and stands alone; the report in words says what went wrong.

import Foundation
import FoundationXML
import Glibc
import Testing

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct LoadReportTests {
  private func result(_ change: (inout LoadResult) -> Void = { _ in }) -> LoadResult {
    var plan = LoadPlan(
      target: .unix(path: "p"), uri: "unix:a\"\\<&>\u{1B}é",
      exchanges: [Exchange(request: [1], reply: .size(1))])
    plan.rate = 1000
    var result = LoadResult(plan: plan)
    result.counts.requests = 3
    result.counts.errors.wrong = 1
    result.seconds = 2
    for time in [1_000, 2_000, 4_000_000] as [UInt64] { result.latencies.record(time) }
    result.server = ServerTime(
      processes: [.init(pid: 7, name: "a b) \"", processorTime_ns: 3_000_000)], endedCount: 1,
      startedCount: 0)
    change(&result)
    return result
  }

  @Test func `JSON has its keys, and any text in it`() throws {
    let text = LoadReport.json(result())
    #expect(!text.contains("\n") && !text.contains("\u{1B}"))
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      Set(object.keys) == [
        "uri", "mode", "connections", "pipeline", "threads", "rate", "seconds", "requests",
        "requests_per_second", "bytes_in", "bytes_out", "errors", "overdue", "latency_us", "server",
        "client",
      ])
    #expect(object["uri"] as? String == "unix:a\"\\<&>\u{1B}é")
    #expect(object["requests_per_second"] as? Double == 1.5)
    let errors = try #require(object["errors"] as? [String: Int])
    #expect(
      errors == ["connect": 0, "reset": 0, "closed": 0, "wrong": 1, "timeout": 0, "lost": 0])
    let latency = try #require(object["latency_us"] as? [String: Double])
    #expect(Set(latency.keys) == ["min", "mean", "p50", "p90", "p99", "p99_9", "max"])
    #expect(latency["min"] == 1 && latency["max"] == 4000 && latency["mean"] == 1334.333)
    let server = try #require(object["server"] as? [String: Any])
    #expect(server["cpu_us_per_request"] as? Double == 1000)
    let processes = try #require(server["processes"] as? [[String: Any]])
    #expect(processes.first?["name"] as? String == "a b) \"")
  }

  @Test func `Without a server and without replies JSON is valid too`() throws {
    let empty = result { result in
      result.server = nil
      result.latencies = Latencies()
      result.plan.rate = nil
      result.counts = Counts()
      result.seconds = 0
    }
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(LoadReport.json(empty).utf8)) as? [String: Any])
    #expect(object["server"] is NSNull && object["rate"] is NSNull)
    #expect((object["latency_us"] as? [String: Double])?["min"] == 0)
  }

  @Test func `The picture is XML, with the facts in words and nothing from elsewhere`() throws {
    for result in [result(), result { $0.latencies = Latencies() }] {
      let svg = LatencyPlot.svg(result)
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")\n\(svg)")
      #expect(svg.contains("prefers-color-scheme: dark"))
      #expect(svg.contains("open loop at 1000 requests/s"))
      let links = svg.matches(of: /(href|url\(|@import|src=)/)
      #expect(links.isEmpty)
      #expect(svg.matches(of: /https?:/).count == 1, "the name of the format and no other")
    }
  }

  @Test func `The curve stays inside of the picture`() throws {
    let svg = LatencyPlot.svg(result())
    let points = try #require(svg.firstMatch(of: /points="([^"]+)"/)?.1)
    for point in points.split(separator: " ") {
      let place = point.split(separator: ",").compactMap { Double($0) }
      #expect(place.count == 2)
      #expect((80...800).contains(place[0]) && (116...436).contains(place[1]), "\(point)")
    }
  }

  @Test func `Where datagrams were lost the report tells of limits on replies`() {
    let text = LoadReport.text(result { $0.counts.errors.lost = 2 }, width: 80)
    #expect(text.contains("lost 2") && text.contains("--udp-rate none"))
    #expect(!LoadReport.text(result(), width: 80).contains("--udp-rate"))
  }

  @Test func `The report names errors by kind, what ended and what is overdue`() {
    let text = LoadReport.text(
      result {
        $0.counts.errors.connect = 4
        $0.connectError = EADDRNOTAVAIL
        $0.counts.overdue = 1
        $0.busy = 0.97
      }, width: 80)
    #expect(text.contains("errors     5: connect 4 (Cannot assign requested address), wrong 1"))
    #expect(text.contains("overdue    1 request due before the end"))
    #expect(text.contains("1 process of the server ended meanwhile"))
    #expect(text.contains("TIME_WAIT"))
    #expect(text.contains("the load generator was 97 % busy"))
    #expect(text.contains("server     1000.00 µs of CPU for each request"))
  }
}
