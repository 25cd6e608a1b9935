// Tells one build of a plugin from another: a crash is seen again only with the bytes that crashed.
// FNV-1a, since that needs no library; it is no protection against somebody who wants two files to
// look the same. Pure but for what `read` does.

/// A sum over the bytes of a file.
package enum Fingerprint {
  private static let byteCountPerRead = 1 << 18

  /// Of all bytes that `read` gives, from an offset on, until it gives none.
  package static func text(read: (_ offset: Int, _ count: Int) -> [UInt8]) -> String {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    var offset = 0
    while case let bytes = read(offset, byteCountPerRead), !bytes.isEmpty {
      for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
      offset += bytes.count
    }
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
