// Boundaries: the same ten messages, and in how many pieces the server's program got them. A
// datagram is a message; what a read from a TCP stream brings is whatever was there.

/// The picture `reads`.
struct ReadsPicture: Picture {
  let id = "reads"
  let title = "The same ten messages, and the reads that brought them"
  let needs = "the runs of the part “reads”"
  private let columns: [(way: Way, rows: [(name: String, run: Run)])]

  private static let names: KeyValuePairs<String, String> = [
    "10": "written ten at once", "4": "written four at a time", "1": "written one at a time",
    "1-lossy": "one at a time, on a link that loses",
  ]
  private static let block = (width: 27.0, height: 24.0, gap: 3.0, between: 10.0)
  private static let rowHeight = 66.0

  init(_ results: Results) {
    columns = [Way.tcp, .udp].compactMap { way in
      let rows = ReadsPicture.names.compactMap { key, name in
        results.run("reads-\(key)-\(way.rawValue)").map { (name: name, run: $0) }
      }
      return rows.isEmpty ? nil : (way: way, rows: rows)
    }
  }

  var figure: Figure? {
    guard !columns.isEmpty else { return nil }
    let findings = columns.map { column in
      let reads = column.rows.map { String(groups(of: $0.run).count { !$0.isLost }) }
      return "over \(column.way.title) in \(reads.joined(separator: ", "))"
    }
    return Figure(
      id: id, title: title,
      caption: "A frame is one read, that is one call of the handler. From the first row to the "
        + "last the messages came " + findings.joined(separator: "; ") + " reads.",
      drawings: columns.map(drawing))
  }

  /// Messages that came together, or one that never came.
  private struct Group {
    var numbers: [Int]
    var isLost = false
  }

  private func groups(of run: Run) -> [Group] {
    var groups: [Group] = []
    let messages = run.client.messages
    let known = messages.indices.filter { messages[$0].call != nil }
    for number in known.sorted(by: { (messages[$0].call ?? 0, $0) < (messages[$1].call ?? 0, $1) })
    {
      if let last = groups.last?.numbers.last, messages[last].call == messages[number].call {
        groups[groups.count - 1].numbers.append(number)
      } else {
        groups.append(Group(numbers: [number]))
      }
    }
    for number in messages.indices where messages[number].call == nil {
      let place = groups.firstIndex { ($0.numbers.min() ?? 0) > number } ?? groups.count
      groups.insert(Group(numbers: [number], isLost: true), at: place)
    }
    return groups
  }

  private func drawing(of column: (way: Way, rows: [(name: String, run: Run)])) -> Markup {
    let block = ReadsPicture.block
    let most = column.rows.map { Double($0.run.messageCount) }.max() ?? 1
    let width = max(most * (block.width + block.between) + 8, 330)
    var canvas = Canvas(
      picture: id, panel: column.way.rawValue, width: width,
      height: 30 + ReadsPicture.rowHeight * Double(column.rows.count),
      title: "\(title): \(column.way.title)",
      summary: column.rows.map { row in
        "\(row.name): " + readCount(groups(of: row.run))
      }.joined(separator: "; ") + ".",
      count: column.rows.reduce(0) { $0 + $1.run.messageCount })
    canvas.text(column.way.title, at: Point(0, 16), "heading " + column.way.style)
    for (place, row) in column.rows.enumerated() {
      draw(row.run, row.name, at: 30 + ReadsPicture.rowHeight * Double(place), on: &canvas)
    }
    return canvas.svg
  }

  private func readCount(_ groups: [Group]) -> String {
    Quantity.counted(groups.count { !$0.isLost }, "read", "reads")
  }

  private func draw(_ run: Run, _ name: String, at top: Double, on canvas: inout Canvas) {
    let block = ReadsPicture.block
    let groups = groups(of: run)
    let lost = groups.count(where: \.isLost)
    canvas.text(name, at: Point(4, top + 14), "dim")
    canvas.text(
      readCount(groups) + (lost > 0 ? ", \(lost) lost" : ""), at: Point(canvas.width - 4, top + 14),
      "strong", anchor: .end)
    var x = 6.0
    let y = top + 25
    for group in groups {
      let count = Double(group.numbers.count)
      let width = count * block.width + (count - 1) * block.gap
      if !group.isLost {
        canvas.add(
          Shape.rectangle(
            x: x - 3, y: y - 3, width: width + 6, height: block.height + 6, rounding: 5,
            "frame " + run.way.style))
      }
      for number in group.numbers {
        draw(number, of: run, isLost: group.isLost, at: Point(x, y), on: &canvas)
        x += block.width + block.gap
      }
      x += block.between - block.gap
    }
  }

  private func draw(
    _ number: Int, of run: Run, isLost: Bool, at corner: Point, on canvas: inout Canvas
  ) {
    let block = ReadsPicture.block
    let centre = Point(corner.x + block.width / 2, corner.y + block.height / 2)
    canvas.datum(
      run: run.id, x: String(number), y: run.client.messages[number].call.map(String.init) ?? "",
      kind: isLost ? "unanswered" : "",
      [
        Shape.rectangle(
          x: corner.x, y: corner.y, width: block.width, height: block.height, rounding: 3,
          isLost ? "block gone" : "block " + run.way.style)
      ] + (isLost ? [Shape.cross(centre, radius: 7)] : []))
    if !isLost {
      canvas.text(
        String(number), at: Point(centre.x, centre.y + 4), "on-block", anchor: .middle)
    }
  }
}
