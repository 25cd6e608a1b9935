// Step 2: the same in Swift. A handler is a type; the last line makes it the one that this plugin
// serves.
//
//     make 02 && portico call .build/mirror.so --data 'hello\n'
//
// (In the folder above. `portico new NAME --language swift` makes a package of your own, which
// needs nothing of this one.) `RawSpan` is the bytes where the host received them: nothing was
// copied, and the compiler sees to it that none is kept longer than the call.

public import PorticoHandler

struct Mirror: Handler {
  func receive(_ bytes: RawSpan, _ reply: Reply) -> Int {
    reply.send(bytes)
    return bytes.byteCount
  }
}

@c public func portico_describe() -> PluginDescriptor { describe(Mirror.self) }
