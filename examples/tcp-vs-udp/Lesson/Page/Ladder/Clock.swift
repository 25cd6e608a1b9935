// Time as height: monotone, the same rate everywhere but where a silence is shortened or where
// labels need room.

/// Heights of moments.
struct Clock {
  /// By index of the moments that it was made from.
  let places: [Double]
  let silences: [Ladder.Silence]
  private let times_us: [Int]

  /// A packet falls by so much on its way.
  private static let fall = 44.0
  /// A shortened silence.
  private static let pause = 52.0

  /// Places for moments, which must be sorted by time.
  init(_ moments: [Moment], crossing_us: Int) {
    let rate = Clock.fall / Double(crossing_us)
    var places: [Double] = []
    var silences: [Ladder.Silence] = []
    // Down to where the text beside each end of the link reaches, and its arrowheads.
    var text: [Ladder.Side: Double] = [:]
    var heads: [Ladder.Side: Double] = [:]
    var losses = -Double.infinity
    for (index, moment) in moments.enumerated() {
      var place = places.last ?? 8
      if index > 0 {
        let silence_us = moment.time_us - moments[index - 1].time_us
        if silence_us > crossing_us * 3 {
          silences.append(
            Ladder.Silence(from: place, to: place + Clock.pause, duration_us: silence_us))
          place += Clock.pause
        } else {
          place += Double(silence_us) * rate
        }
      }
      if moment.lineCount > 0 { place = max(place, (text[moment.side] ?? -.infinity) + 8) }
      switch moment.kind {
      case .arrival, .copy:
        place = max(place, (heads[moment.side] ?? -.infinity) + 12)
        heads[moment.side] = place
      case .loss:
        place = max(place, losses + Labels.lineHeight)
        losses = place
      case .departure: break
      }
      if moment.lineCount > 0 {
        text[moment.side] = place - 8 + Labels.lineHeight * Double(moment.lineCount)
      }
      places.append(place)
    }
    // A silence ends where the next thing happens, moved down for its label or not.
    self.silences = silences.map { silence in
      Ladder.Silence(
        from: silence.from, to: places.first { $0 >= silence.to } ?? silence.to,
        duration_us: silence.duration_us)
    }
    self.places = places
    times_us = moments.map(\.time_us)
  }

  /// The height of any moment, between those that are known.
  func place(of time_us: Int) -> Double {
    guard let after = times_us.firstIndex(where: { $0 >= time_us }) else { return places.last ?? 0 }
    guard after > 0, times_us[after] > time_us else { return places[after] }
    let (start, end) = (times_us[after - 1], times_us[after])
    let share = Double(time_us - start) / Double(end - start)
    return places[after - 1] + share * (places[after] - places[after - 1])
  }

  /// Round moments that have room on the axis, outside of shortened silences.
  func ticks(from start_us: Int) -> [Ladder.Tick] {
    guard let last_us = times_us.last else { return [] }
    let span_ms = (last_us - start_us) / 1000
    let step_ms = span_ms > 5000 ? 100 : span_ms > 60 ? 10 : span_ms > 12 ? 5 : 1
    var ticks: [Ladder.Tick] = []
    for time_ms in stride(from: 0, through: span_ms, by: step_ms) {
      let place = place(of: start_us + time_ms * 1000)
      let isInSilence = silences.contains { $0.from + 1 < place && place < $0.to - 1 }
      if !isInSilence, place >= (ticks.last?.place ?? -.infinity) + 15 {
        ticks.append(Ladder.Tick(time_ms: time_ms, place: place))
      }
    }
    return ticks
  }
}
