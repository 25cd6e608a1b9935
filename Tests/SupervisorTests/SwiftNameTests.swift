// Promise: a function's name in Swift costs the supervisor little, whoever wrote it. A name may say
// "as before" so often that each few bytes double its text.

import CKernel
import Testing

@testable import Kernel

@Suite(.timeLimit(.minutes(3))) struct SwiftNameTests {
  /// The length of what the runtime makes of it, as it is.
  private func textLength(_ name: String) -> Int {
    let room = SwiftName.longestText + 1
    // SAFETY: the name lives as long as the call, which writes at most `room` bytes.
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) {
      unsafe ck_demangle(name, name.utf8.count, $0.baseAddress, room)
    }
  }

  /// `a.f` with parameters each of which is a dictionary of the one before, twice: a text that
  /// doubles each time.
  private static func doubling(_ count: Int) -> String {
    var name = "$s1a1fyySDySiSiG_"
    for letter in "CDEFGHIJKLMNOPQRSTUVWXYZ".prefix(count) { name += "SDyA2\(letter)G" }
    for number in 0..<max(0, count - 24) { name += "SDyA\(number)_A\(number)_G" }
    return name + "tF"
  }

  @Test func `A text that doubles every seven bytes is not written at all`() throws {
    let began = ContinuousClock.now
    var readCount = 0
    // No more than a test can bear that fails.
    for count in 1...18 {
      let name = Self.doubling(count)
      guard SwiftName.demangled(name) != nil else { continue }
      readCount = count
      #expect(textLength(name) <= SwiftName.longestText, "\(count) doublings")
    }
    #expect(SwiftName.demangled(Self.doubling(18)) == nil)
    for count in 18...52 {
      let name = Self.doubling(count)
      #expect(name.utf8.count <= 512)
      #expect(MangledLength.most(name, atMost: SwiftName.longestText) == nil)
    }
    let duration = ContinuousClock.now - began
    print("\(readCount) doublings are read; all took \(duration)")
    #expect(readCount >= 2, "what is short is read")
    #expect(duration < .seconds(3))
  }

  @Test func `Repetitions count, however they are written`() {
    let tuple = "$s1a1fyySDySiSiG_A200C"
    #expect(SwiftName.demangled(tuple + "tF") != nil)
    #expect(SwiftName.demangled(tuple + "tSDyA200DA200Dt_tF") == nil)
    // Behind what is not understood, too.
    #expect(SwiftName.demangled(tuple + "tIegXx_A200DA200DtF") == nil)
    let many = String(repeating: "S2048i", count: 40)
    #expect(SwiftName.demangled("$s1a1fyySi_\(many)tF") == nil)
  }

  /// As the compiler made them: of a plugin on the kit, of this repository, and of libraries.
  private static let ordinary = [
    "$sSa6appendyyxnF",
    "$ss13_parseInteger5ascii5radixq_Sgx_SitSyRzs010FixedWidthB0R_r0_lFSs_s5Int64VTg5",
    "$ss22_ContiguousArrayBufferV20_consumeAndCreateNewAByxGyF10TranscriptAEV7PatternO_Tg5",
    "$sSa6append10contentsOfyqd__n_t7ElementQyd__RszSTRd__lFs5UInt8V_SS8UTF8ViewVTg5",
    "$ss22__RawDictionaryStorageC4findys10_HashTableV6BucketV6bucket_Sb5foundtxSHRzlFSs_Tg5",
    "$s14PorticoHandler6PluginV8PromisesVs10SetAlgebraAAsAFP23formSymmetricDifferenceyyxnFTW",
    "$s14PorticoHandler11LengthFieldV3end_4from10adjustmentSiSgs6UInt64V_S2itFZTf4nnnd_n",
    "$s14PorticoHandler10LaterReplyVSHAASH13_rawHashValue4seedS2i_tFTW",
    "$s14PorticoHandler10AsyncReplyV6finishyyFyAA0D0VXEfU_",
    "$s10Transcript0A8MismatchV23__derived_struct_equalsySbAC_ACtFZTf4nnd_n",
    "$s14PorticoHandler6ClientV23__derived_struct_equalsySbAC_ACtFZTf4nnd_n",
    "$s22_FoundationCollections4RopeV5_NodeV5count2inSiqd___t7ElementQyd__RszAA0C6MetricRd__lF",
    "$s20FoundationEssentials13__DataStorageC15withUnsafeBytes2in5applyxSnySiG_xSWKXEtKlF",
    "$sSTsSQ7ElementRpzrlE6starts4withSbqd___tSTRd__AAQyd__ABRSlFSs_SSTg5",
    "$s20FoundationEssentials12DataProtocolPAAE10firstRange2ofSny5IndexQzGSgqd___tAaBRd__lF",
    "$s8thankyou8ThankYouV7receiveySis7RawSpanV_14PorticoHandler5ReplyVtFSSyXEfu_TA",
  ]

  @Test(arguments: ordinary) func `A name that a compiler made is read`(name: String) throws {
    let text = try #require(SwiftName.demangled(name))
    #expect(text != name)
  }

  @Test func `No text is longer than it is thought to be at most`() {
    var random = SeededGenerator(test: "names")
    let pieces = [
      "A2B", "AA", "AbC", "A2C", "A2D", "ADE", "A_", "A0_", "Si", "S2i", "SDy", "Say", "G", "_",
      "t", "y", "x", "q_", "F", "c", "Sg", "3abc", "4BarA", "0A3Foo", "V", "C", "O", "D", "m",
      "z", "XE", "Ya", "YK", "K", "Rz", "lF", "Tg5", "r9_l", "r999_l", "Qz", "fU_", "vg", "WOs",
      "TR", "Iegn_", "u", "n", "h",
    ]
    var readCount = 0
    var closest = 0.0
    for round in 0..<60_000 {
      var name: String
      if round % 3 == 0 {
        name = "$s1a1fyy"
        for _ in 0..<Int.random(in: 1...24, using: &random) {
          name += pieces.randomElement(using: &random) ?? ""
        }
        name += "tF"
      } else {
        var bytes = Array((Self.ordinary.randomElement(using: &random) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 2...bytes.count, using: &random)
          let piece = pieces.randomElement(using: &random) ?? ""
          let end = min(bytes.count, place + Int.random(in: 0...3, using: &random))
          bytes.replaceSubrange(place..<end, with: piece.utf8)
        }
        name = String(decoding: bytes, as: UTF8.self)
      }
      guard let most = MangledLength.most(name, atMost: SwiftName.longestText) else { continue }
      let length = textLength(name)
      #expect(length <= most, "\(name)")
      // What it cannot read it gives back.
      if length != name.utf8.count { readCount += 1 }
      closest = max(closest, Double(length) / Double(most))
    }
    print("\(readCount) names were read; the longest had \(closest) of what it might have")
    #expect(readCount > 1000)
  }
}
