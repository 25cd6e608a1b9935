// Looking for bytes in a request, as fast as the C library can.

public import CPortico

extension RawSpan {
  /// Where a byte stands first within a range of places; nil if nowhere.
  @inlinable
  public func firstPlace(of byte: UInt8, in places: Range<Int>) -> Int? {
    precondition(places.lowerBound >= 0 && places.upperBound <= byteCount, "BUG: no such places")
    // SAFETY: the bytes are there, and the pointer does not leave the closure.
    let found = unsafe withUnsafeBytes {
      unsafe portico_frame_index($0.baseAddress, places.lowerBound, places.upperBound, byte)
    }
    return found < places.upperBound ? found : nil
  }

  /// Do the first `count` of these bytes stand at that place?
  func has(_ bytes: [UInt8], first count: Int, at place: Int) -> Bool {
    for index in 0..<count where self[byte: place + index] != bytes[index] { return false }
    return true
  }
}
