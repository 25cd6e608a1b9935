// An exchange packet by packet, as it crossed the link: the picture to look at first. What stands
// where is `Ladder`'s; this draws it.

internal import BadNetwork

/// The pictures `exchange-tcp` and `exchange-udp`.
struct ExchangePicture: Picture {
  let id: String
  let title: String
  let needs: String
  private let run: Run?

  private static let top = 34.0
  private static let axis = 38.0
  private static let client = 212.0
  private static let server = 422.0
  private static let phases = 622.0
  private static let width = 736.0

  init(_ results: Results, _ way: Way) {
    id = "exchange-\(way.rawValue)"
    title = "A short exchange over \(way.title), packet by packet"
    needs = "the run “\(id)” and its packets"
    run = results.run(id)
  }

  var figure: Figure? {
    guard let run, !run.packets.isEmpty else { return nil }
    return Figure(
      id: id, title: title, caption: caption(of: run), drawings: [drawing(of: run)],
      isWide: true)
  }

  private func caption(of run: Run) -> String {
    let packets = run.packets
    let data = packets.count { $0.payloadCount > 0 }
    let lost = packets.count { $0.treatments.contains(.dropped) }
    let repeated = packets.count { $0.left_us.count > 1 }
    var text = "\(Quantity.counted(packets.count, "packet", "packets")) for "
    text += Quantity.counted(run.messageCount, "message", "messages")
    text += ", \(data) of them with data. "
    text += "The link lost \(lost) and let \(repeated) out twice; "
    text += Quantity.counted(run.client.answered, "message was", "messages were") + " answered"
    switch run.way {
    case .tcp:
      text += ". Bytes are numbered, and each ACK names the next one that is waited for"
    case .udp, .udpResend:
      text += ". There is nothing but the datagrams: nobody connects, acknowledges, or parts"
    }
    return text + ". Time runs downwards, stretched where labels need room and shortened where "
      + "nothing happens, as the axis shows; what is bold was special."
  }

  private func drawing(of run: Run) -> Markup {
    let ladder = Ladder(run.packets)
    let (top, height) = (ExchangePicture.top, ladder.height)
    var canvas = Canvas(
      picture: id, width: ExchangePicture.width, height: top + height + 6, title: title,
      summary: ladder.arrows.map { summary(of: $0, ladder) }.joined(separator: " "),
      count: run.packets.count)
    canvas.text("client", at: Point(ExchangePicture.client, 16), "heading", anchor: .middle)
    canvas.text("server", at: Point(ExchangePicture.server, 16), "heading", anchor: .middle)
    canvas.text("ms", at: Point(ExchangePicture.axis - 8, 16), "tick", anchor: .end)
    drawTime(ladder, on: &canvas)
    drawPhases(of: run, ladder, on: &canvas)
    for arrow in ladder.arrows { draw(arrow, of: run, ladder, on: &canvas) }
    for arrow in ladder.arrows { nameFate(of: arrow, on: &canvas) }
    for label in ladder.labels { draw(label, on: &canvas) }
    return canvas.svg
  }

  /// For who does not see it: one sentence a packet.
  private func summary(of arrow: Ladder.Arrow, _ ladder: Ladder) -> String {
    let time = Quantity.decimal(
      Double(arrow.packet.entered_us - ladder.start_us) / 1000, places: 1)
    var text = "\(time) ms, \(arrow.from == .client ? "client" : "server"): \(arrow.label.text)"
    if let remark = arrow.label.remark { text += ", \(remark)" }
    if let fate = fate(of: arrow) { text += ", " + fate }
    if arrow.ends.count > 1 { text += ", arrives twice" }
    return text + "."
  }

  /// Why it does not arrive.
  private func fate(of arrow: Ladder.Arrow) -> String? {
    guard arrow.vanishes != nil else { return nil }
    return arrow.packet.treatments.contains(.dropped) ? "lost" : "on its way at the end"
  }

  private func x(of side: Ladder.Side) -> Double {
    side == .client ? ExchangePicture.client : ExchangePicture.server
  }

  private func drawTime(_ ladder: Ladder, on canvas: inout Canvas) {
    let top = ExchangePicture.top
    for x in [ExchangePicture.axis, ExchangePicture.client, ExchangePicture.server] {
      let style = x == ExchangePicture.axis ? "axis" : "rail"
      var start = 0.0
      for silence in ladder.silences {
        let (from, to) = (silence.from + 14, silence.to - 14)
        canvas.line(Point(x, top + start), Point(x, top + from), style)
        canvas.line(Point(x, top + from), Point(x, top + to), "\(style) silent")
        start = to
      }
      canvas.line(Point(x, top + start), Point(x, top + ladder.height), style)
    }
    for silence in ladder.silences {
      let middle = top + (silence.from + silence.to) / 2
      canvas.text(
        Quantity.time(silence.duration_us) + " of silence",
        at: Point((ExchangePicture.client + ExchangePicture.server) / 2, middle + 4),
        "silence", anchor: .middle)
    }
    for tick in ladder.ticks {
      let y = top + tick.place
      canvas.line(
        Point(ExchangePicture.axis - 4, y), Point(ExchangePicture.axis, y), "axis")
      canvas.text(
        Quantity.count(tick.time_ms), at: Point(ExchangePicture.axis - 8, y + 4), "tick",
        anchor: .end)
    }
  }

  private func drawPhases(of run: Run, _ ladder: Ladder, on canvas: inout Canvas) {
    let top = ExchangePicture.top
    let phases = Phase.all(of: run.packets)
    let rooms = phases.map { phase in
      (
        from: top + ladder.place(of: phase.from_us) + 1, to: top + ladder.place(of: phase.to_us) - 1
      )
    }
    let most = phases.map(\.lines.count).max() ?? 1
    let places = Labels.spread(
      rooms.map { ($0.from + $0.to) / 2 }, distance: Double(most) * Labels.lineHeight + 4,
      within: top...(top + ladder.height - 10))
    for ((phase, room), place) in zip(zip(phases, rooms), places) {
      let x = ExchangePicture.phases - (phase.isInner ? 9 : 0)
      let style = phase.isInner ? "bracket inner" : "bracket"
      canvas.add(
        Shape.polyline(
          [Point(x - 5, room.from), Point(x, room.from), Point(x, room.to), Point(x - 5, room.to)],
          style))
      for (number, line) in phase.lines.enumerated() {
        let lift = Double(number) * Labels.lineHeight - Double(phase.lines.count - 1) * 7.5
        canvas.text(
          line, at: Point(ExchangePicture.phases + 8, place + 4 + lift),
          phase.isInner ? "remark" : "phase")
      }
    }
  }

  private func draw(
    _ arrow: Ladder.Arrow, of run: Run, _ ladder: Ladder, on canvas: inout Canvas
  ) {
    let top = ExchangePicture.top
    let from = x(of: arrow.from)
    let to = x(of: arrow.from == .client ? .server : .client)
    let start = Point(from, top + arrow.start)
    var style = arrow.label.kind == .data ? run.way.style : "control"
    if arrow.label.isAgain, arrow.label.kind == .data { style += " again" }
    var parts: [Markup] = []
    for (copy, end) in arrow.ends.enumerated() {
      parts += Shape.arrow(start, Point(to, top + end), copy == 0 ? style : style + " copy")
    }
    if let vanishes = arrow.vanishes {
      let end = Point((from + to) / 2, top + vanishes)
      parts.append(Shape.line(start, end, "arrow " + style))
      if fate(of: arrow) == "lost" { parts.append(Shape.cross(end, radius: 5)) }
    }
    canvas.datum(
      run: run.id, x: String(arrow.packet.entered_us), y: String(arrow.packet.number),
      kind: arrow.vanishes == nil ? "" : "unanswered", tip: summary(of: arrow, ladder), parts)
  }

  /// In front of all arrows.
  private func nameFate(of arrow: Ladder.Arrow, on canvas: inout Canvas) {
    guard let vanishes = arrow.vanishes, let fate = fate(of: arrow) else { return }
    let isRight = arrow.from == .client
    let middle = (ExchangePicture.client + ExchangePicture.server) / 2
    canvas.text(
      fate == "lost" ? fate : "the run ends",
      at: Point(middle + (isRight ? 11 : -11), ExchangePicture.top + vanishes + 4),
      fate == "lost" ? "bad" : "silence", anchor: isRight ? .start : .end)
  }

  private func draw(_ label: Ladder.Label, on canvas: inout Canvas) {
    let isClient = label.side == .client
    let x = x(of: label.side) + (isClient ? -8 : 8)
    var y = ExchangePicture.top + label.place + 4
    let anchor: Canvas.Anchor = isClient ? .end : .start
    for line in label.lines {
      canvas.text(line, at: Point(x, y), "packet", anchor: anchor)
      y += Labels.lineHeight
    }
    if let remark = label.remark {
      canvas.text(remark, at: Point(x, y), "remark", anchor: anchor)
    }
  }
}
