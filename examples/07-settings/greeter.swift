// Step 7: settings, and a refusal in your own words.
//
//     make 07
//     portico call .build/greeter.so --set greeting=Ahoj --data 'Ada\n'
//     portico --plugin .build/greeter.so --set greeting= --set times=12
//
// `load` is called once in each worker, before anything is served. What it throws stops the start,
// and is what the operator reads; a setting that it does not ask for does too. What it returns is
// passed to each connection: here the settings themselves.

public import PorticoHandler

struct Greetings: SharedState {
  var greeting: String
  var times: Int
}

struct Greeter: FramedHandler {
  static let plugin = Plugin(
    name: "greeter", description: "greets everybody by name", promises: [.inline, .sharded])
  static let framing = Lines(limit: 256)

  let settings: Greetings

  static func load(_ settings: Settings) throws -> Greetings {
    let greeting = settings.text("greeting") ?? "Hello"
    // `SettingError` names the key; `Refusal` is for what concerns no single one.
    if greeting.isEmpty { throw SettingError("greeting", "is empty: say something, as in Hello") }
    let times = try settings.number("times", in: 1...9, default: 1)
    if greeting.utf8.count * times > 100 { throw Refusal("nobody wants to be greeted that long") }
    return Greetings(greeting: greeting, times: times)
  }

  init(_ shared: Greetings) { settings = shared }

  func receive(frame: RawSpan, _ reply: Reply) {
    for _ in 0..<settings.times { reply.send("\(settings.greeting), \(frame.text)!\n") }
  }
}

@c public func portico_describe() -> PluginDescriptor { describe(Greeter.self) }
