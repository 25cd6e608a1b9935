// What portico_frame.h and the kit's framings say, in one form, so that they can be compared.

import CPortico
import Harness
import PorticoHandler

/// An answer of either.
enum CAnswer: Equatable {
  case frame(header: Int, length: Int, total: Int)
  case needsMore(Int)
  case tooLong
  case malformed
  /// What is no answer at all; says what is wrong with it.
  case nonsense(String)

  init(_ search: FrameSearch) {
    switch search {
    case .found(let frame):
      self = .frame(
        header: frame.payload.lowerBound, length: frame.payload.count, total: frame.end)
    case .needsMore(let count): self = .needsMore(count)
    case .impossible(.tooLong): self = .tooLong
    case .impossible(.shorterThanHeader), .impossible(.varintTooWide): self = .malformed
    case .impossible(let error): self = .nonsense("\(error)")
    }
  }

  init(_ frame: portico_frame, in bytes: UnsafeRawBufferPointer) {
    switch frame.total {
    case Int(PORTICO_FRAME_NEEDS_MORE): self = .needsMore(frame.need)
    case Int(PORTICO_FRAME_TOO_LONG): self = .tooLong
    case Int(PORTICO_FRAME_MALFORMED): self = .malformed
    case 1...:
      let start = bytes.baseAddress.map { UnsafeRawPointer(frame.payload!) - $0 }
      self =
        start == frame.header
        ? .frame(header: frame.header, length: frame.length, total: frame.total)
        : .nonsense("the payload is not where the header ends")
    default: self = .nonsense("total \(frame.total)")
    }
  }
}

extension RandomSource {
  /// A number from 0 to below `bound`.
  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
