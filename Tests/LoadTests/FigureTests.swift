// Promise: numbers are rounded, never in exponents, and have the unit that makes them short.

import Testing

@testable import Load

@Suite(.timeLimit(.minutes(3))) struct FigureTests {
  @Test(arguments: [
    (0.0, 3, "0.000"), (1.0005, 3, "1.001"), (12.0449, 2, "12.04"), (0.05, 1, "0.1"),
    (99.999, 2, "100.00"), (123456789.125, 3, "123456789.125"), (2.5, 0, "3"), (-0.001, 2, "0.00"),
    (-1.5, 1, "-1.5"), (.nan, 3, "0"), (.infinity, 3, "0"),
  ])
  func `Decimals are rounded`(value: Double, digits: Int, text: String) {
    #expect(Figure.decimal(value, digits: digits) == text)
  }

  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1000, "1.00 µs"), (41_349, "41.3 µs"), (999_400, "999 µs"),
      (999_600, "1.00 ms"), (2_049_000, "2.05 ms"), (1_200_000_000, "1.20 s"),
      (3_600_000_000_000, "3600 s"),
    ] as [(UInt64, String)])
  func `Times have three digits and a unit`(time_ns: UInt64, text: String) {
    #expect(Figure.time(time_ns) == text)
  }

  @Test func `Bytes too`() {
    #expect(Figure.bytes(0) == "0 B")
    #expect(Figure.bytes(512) == "512 B")
    #expect(Figure.bytes(1_050_000) == "1.05 MB")
  }
}
