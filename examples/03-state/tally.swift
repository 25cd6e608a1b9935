// Step 3 in Swift: a connection is a value of the handler's type, so its state is a property.
//
//     make 03 && portico call .build/tally.so --data '+++-?'
//
// What C needs three hooks for, the kit does: a value is made when a client is there and destroyed
// when it has gone.

public import PorticoHandler

struct Tally: Handler {
  static let plugin = Plugin(
    name: "tally", description: "a counter for each connection: + - ?",
    promises: [.inline, .sharded])

  var count = 0

  mutating func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    for place in bytes.byteOffsets {
      switch bytes[byte: place] {
      case UInt8(ascii: "+"): count += 1
      case UInt8(ascii: "-"): count -= 1
      case UInt8(ascii: "?"): reply.send("\(count)\n")
      default: break
      }
    }
    return bytes.byteCount
  }
}

@c public func portico_describe() -> PluginDescriptor { describe(Tally.self) }
