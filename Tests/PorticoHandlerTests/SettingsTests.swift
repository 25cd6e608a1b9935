// Settings have types, and every refusal names its key and says what to write.

import PorticoHandler
import PorticoHandlerTesting
import Testing

@Suite(.timeLimit(.minutes(3)))
struct SettingsTests {
  enum Colour: String, CaseIterable { case red, green }

  /// Reads one setting of each kind, in `load`.
  struct Reader: Handler {
    struct Values: SharedState {
      var text: String?
      var number: Int
      var flag: Bool
      var time: Duration
      var colour: Colour
      var file: [UInt8]?
    }
    static func load(_ settings: Settings) throws -> Values {
      Values(
        text: settings.text("text"), number: try settings.number("number", in: 1...9, default: 5),
        flag: try settings.flag("flag", default: true),
        time: try settings.duration("time", default: .seconds(1)),
        colour: try settings.choice("colour", default: Colour.red), file: settings.file)
    }
    init(_ shared: Values) {}
    func receive(_ bytes: RawSpan, _ reply: Reply) -> Int { 0 }
  }

  @Test func `What is not given has its default`() throws {
    let values = try TestHost(Reader.self).shared
    #expect(values.text == nil)
    #expect(values.number == 5)
    #expect(values.flag)
    #expect(values.time == .seconds(1))
    #expect(values.colour == .red)
    #expect(values.file == nil)
  }

  @Test func `What is given has its type`() throws {
    let values = try TestHost(
      Reader.self,
      settings: ["text": "a=b", "number": "9", "flag": "off", "time": "250ms", "colour": "green"],
      file: [1, 2]
    ).shared
    #expect(values.text == "a=b")
    #expect(values.number == 9)
    #expect(!values.flag)
    #expect(values.time == .milliseconds(250))
    #expect(values.colour == .green)
    #expect(values.file == [1, 2])
  }

  @Test(arguments: [
    ("number", "ten", "the setting number is \"ten\": write a whole number from 1 to 9"),
    ("number", "10", "the setting number is \"10\": write a whole number from 1 to 9"),
    ("number", "", "the setting number is \"\": write a whole number from 1 to 9"),
    ("flag", "maybe", "the setting flag is \"maybe\": write on or off"),
    ("time", "5", "the setting time is \"5\": write a time such as 500ms, 2s, 5m or 1h"),
    ("time", "-1s", "the setting time is \"-1s\": write a time such as 500ms, 2s, 5m or 1h"),
    (
      "time", "9223372036854775807h",
      "the setting time is \"9223372036854775807h\": write a time such as 500ms, 2s, 5m or 1h"
    ),
    ("colour", "blue", "the setting colour is \"blue\": write one of red, green"),
  ])
  func `A setting that cannot be read names its key and says what to write`(
    key: String, value: String, words: String
  ) {
    let error = #expect(throws: SettingError.self) {
      _ = try TestHost(Reader.self, settings: [key: value])
    }
    #expect(error?.key == key)
    #expect(error.map { "\($0)" } == words)
  }

  @Test func `A setting that has to be there says how to give it`() {
    struct Needs: Handler {
      static func load(_ settings: Settings) throws { _ = try settings.required("upstream") }
      func receive(_ bytes: RawSpan, _ reply: Reply) -> Int { 0 }
    }
    let error = #expect(throws: SettingError.self) { _ = try TestHost(Needs.self) }
    #expect(
      error.map { "\($0)" } == "the setting upstream is missing: give --set upstream=…")
  }
}
