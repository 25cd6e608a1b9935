// From a value to a place in a drawing, and the round values that an axis names. Never a division
// by nothing: an empty or inverted domain is widened first.

internal import Foundation

/// Maps values to places.
struct Scale: Sendable {
  /// How values are spread.
  enum Kind: Sendable {
    case linear
    /// Each factor takes the same room; values must be above 0.
    case logarithmic
  }

  /// How values are spread.
  let kind: Kind
  /// The lowest and the highest value.
  let domain: ClosedRange<Double>
  /// Where the lowest value stands.
  let start: Double
  /// Where the highest stands; above `start` in a drawing whose values go up.
  let end: Double

  /// A scale over at least these values.
  init(_ kind: Kind, _ values: ClosedRange<Double>, from start: Double, to end: Double) {
    self.kind = kind
    self.start = start
    self.end = end
    switch kind {
    case .linear:
      let width = values.upperBound - values.lowerBound
      domain = width > 0 ? values : values.lowerBound...(values.lowerBound + 1)
    case .logarithmic:
      let lowest = max(values.lowerBound, 1e-9)
      domain = lowest...max(values.upperBound, lowest * 10)
    }
  }

  /// The place of a value; outside of the domain, of the nearest value in it.
  func callAsFunction(_ value: Double) -> Double {
    let value = min(max(value, domain.lowerBound), domain.upperBound)
    let share =
      switch kind {
      case .linear: (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
      case .logarithmic:
        log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
      }
    return start + share * (end - start)
  }

  /// Round values inside the domain, about so many, ascending.
  func ticks(about wanted: Int) -> [Double] {
    switch kind {
    case .linear:
      let step = Scale.step(of: domain.upperBound - domain.lowerBound, about: wanted)
      let first = Int((domain.lowerBound / step - 1e-9).rounded(.up))
      let last = Int((domain.upperBound / step + 1e-9).rounded(.down))
      guard first <= last else { return [] }
      return (first...last).map { Double($0) * step }
    case .logarithmic:
      let decades = log10(domain.upperBound / domain.lowerBound)
      let digits: [Double] =
        decades * 3 <= Double(wanted) ? [1, 2, 5] : decades * 2 <= Double(wanted) ? [1, 3] : [1]
      let first = Int(log10(domain.lowerBound).rounded(.down))
      let last = Int(log10(domain.upperBound).rounded(.up))
      let all = (first...last).flatMap { power in digits.map { $0 * pow(10, Double(power)) } }
      return all.filter {
        $0 >= domain.lowerBound * (1 - 1e-9) && $0 <= domain.upperBound * (1 + 1e-9)
      }
    }
  }

  /// A domain that begins and ends with a round value.
  static func rounded(_ values: ClosedRange<Double>, about wanted: Int) -> ClosedRange<Double> {
    let width = values.upperBound - values.lowerBound
    guard width > 0 else { return values.lowerBound...(values.lowerBound + 1) }
    let step = step(of: width, about: wanted)
    let lowest = (values.lowerBound / step + 1e-9).rounded(.down) * step
    let highest = (values.upperBound / step - 1e-9).rounded(.up) * step
    return lowest...max(highest, lowest + step)
  }

  /// 1, 2 or 5 times a power of ten, so that about so many fit.
  private static func step(of width: Double, about wanted: Int) -> Double {
    let rough = width / Double(max(wanted, 1))
    let power = pow(10, log10(rough).rounded(.down))
    let digit = rough / power
    return power * (digit < 1.41 ? 1 : digit < 3.16 ? 2 : digit < 7.07 ? 5 : 10)
  }
}
