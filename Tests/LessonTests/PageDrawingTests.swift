// What pictures are made of: numbers, scales, labels, escaping.

import Harness
import Testing

@testable import Lesson

@Suite(.timeLimit(.minutes(3)))
struct PageDrawingTests {
  @Test func `Ticks are round values inside of the domain`() {
    #expect(
      Scale(.linear, 0...0.36, from: 0, to: 1).ticks(about: 5).map(Quantity.shareTick)
        == ["0", "10", "20", "30"].map { $0 + "\u{A0}%" })
    #expect(Scale(.linear, -2...3, from: 0, to: 1).ticks(about: 5) == [-2, -1, 0, 1, 2, 3])
    #expect(
      Scale(.logarithmic, 16...1700, from: 0, to: 1).ticks(about: 8) == [
        20, 50, 100, 200, 500, 1000,
      ])
    #expect(Scale(.logarithmic, 0.5...2e6, from: 0, to: 1).ticks(about: 8).count == 7)
    #expect(Scale.rounded(0...92.1, about: 5) == 0...100)
  }

  @Test func `Ticks never run away, whatever the domain`() {
    var random = RandomSource(for: "ticks")
    for _ in 0..<2000 {
      let low = Double(random.below(1 << 40)) - Double(1 << 39)
      let high = low + Double(random.below(1 << (1 + random.below(39)))) / 1000
      let linear = Scale(.linear, low...high, from: 300, to: 10)
      let ticks = linear.ticks(about: 5)
      #expect((1...12).contains(ticks.count) && ticks == ticks.sorted())
      for tick in ticks { #expect((10...300).contains(linear(tick))) }
      let factor = Scale(.logarithmic, abs(low)...(abs(low) + high - low), from: 300, to: 10)
      #expect(factor.ticks(about: 8).count < 30)
    }
  }

  @Test func `A scale without width divides by nothing`() {
    let flat = Scale(.linear, 5...5, from: 0, to: 100)
    #expect(flat(5) == 0 && flat(7) == 100)
    let zero = Scale(.logarithmic, 0...0, from: 0, to: 100)
    #expect(zero(0) == 0 && zero(1) == 100)
  }

  @Test(arguments: [
    (0, "0 ms"), (320, "320 µs"), (20_400, "20.4 ms"), (221_000, "221 ms"), (999_499, "999 ms"),
    (999_500, "1.00 s"), (1_254_000, "1.25 s"), (-1500, "−1.50 ms"),
  ])
  func `Times read as a person writes them`(time_us: Int, text: String) {
    #expect(Quantity.time(time_us).replacing("\u{A0}", with: " ") == text)
  }

  @Test func `Counts, shares and bytes likewise`() {
    #expect(
      [0, 999, 20_000, -1_234_567].map(Quantity.count) == ["0", "999", "20,000", "−1,234,567"])
    #expect(
      [0, 0.0123, 0.0996, 0.192, 1].map(Quantity.share)
        == ["0", "1.2", "10", "19", "100"].map { $0 + "\u{A0}%" })
    #expect([4, 5120, 1.43e6].map(Quantity.bytes) == ["4\u{A0}B", "5.12\u{A0}kB", "1.43\u{A0}MB"])
    #expect(
      [0, 0.06, 3.009, 9.996, 151].map(Quantity.number) == ["0", "0.060", "3.01", "10.0", "151"])
    #expect([0, 0.5, 20, 2000].map(Quantity.tick) == ["0", "0.5", "20", "2,000"])
  }

  @Test func `Text stays text`() {
    let hostile = "</text><script>alert(\"1\" & '2')</script>\u{0}\u{FFFE}"
    let element = Markup("text", ["class": hostile], text: hostile).rendered
    #expect(element.count { $0 == "<" } == 2)
    #expect(element.count { $0 == "\"" } == 2)
    #expect(!element.unicodeScalars.contains("\u{0}"))
    #expect(!element.unicodeScalars.contains("\u{FFFE}"))
  }

  @Test func `Labels keep their order and their distance`() {
    var random = RandomSource(for: "labels")
    for _ in 0..<2000 {
      let wanted = (0..<random.below(12)).map { _ in Double(random.below(200)) }
      let places = Labels.spread(wanted, distance: 15, within: 0...180)
      for one in wanted.indices {
        for other in wanted.indices where one != other {
          #expect(abs(places[one] - places[other]) >= 15 - 1e-9)
          if wanted[one] < wanted[other] { #expect(places[one] < places[other]) }
        }
      }
      if wanted.count <= 12 { #expect(places.allSatisfy { (0...180).contains($0) }) }
    }
    #expect(Labels.spread([50, 100], distance: 15, within: 0...180) == [50, 100])
  }

  @Test func `Fewer points keep both ends`() {
    #expect(Thinning.places(of: 20_000, atMost: 200).count == 200)
    #expect(Thinning.places(of: 20_000, atMost: 200).first == 0)
    #expect(Thinning.places(of: 20_000, atMost: 200).last == 19_999)
    #expect(Thinning.places(of: 3, atMost: 200) == [0, 1, 2])
    #expect(Thinning.places(of: 0, atMost: 200) == [])
    #expect(Set(Thinning.places(of: 201, atMost: 200)).count == 200)
  }
}
