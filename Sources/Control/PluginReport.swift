// What a worker or a probe found out about a plugin: the plugin runs there, so only they can know.

/// A loaded plugin, described.
public struct PluginReport: Equatable, Sendable {
  /// Its own name, or the file's without `lib` and `.so`.
  public var name = ""
  /// Its own, or empty.
  public var version = ""
  /// What it says it does, in a line, or empty.
  public var summary = ""
  /// What compiled it, as it says.
  public var compiler = ""
  /// 0.0 for a plugin without a descriptor.
  public var abiMajor: UInt16 = 0
  /// See `abiMajor`.
  public var abiMinor: UInt16 = 0
  /// Does it export `portico_describe`?
  public var hasDescriptor = false
  /// Promises, as in `portico.h`.
  public var flags: UInt64 = 0
  /// Names of the hooks that are there, `handle` included, in the order of `portico.h`.
  public var hooks: [String] = []
  /// Bytes; 0 means the host's limit.
  public var maxFrame: UInt64 = 0
  /// Exported dynamic symbols that a person named.
  public private(set) var exports: [String] = []
  /// How many others it exports: those that a compiler or linker named, of which a plugin in Swift
  /// has hundreds, and what would not fit a message.
  public private(set) var otherExportCount: UInt32 = 0
  /// Libraries that it needs, as its image names them.
  public var needs: [String] = []
  /// True when its image has Swift sections.
  public var isSwift = false
  /// Keys it asked for in `on_load`.
  public var settingsAsked: [String] = []

  /// A plugin of which nothing is known yet.
  public init() {}

  /// Takes what an image exports. A report has to fit a packet, whatever the plugin is.
  public mutating func setExports(_ names: [String]) {
    var room = 16 << 10
    exports = []
    for name in names where !name.hasPrefix("_") && !name.hasPrefix("$") {
      room -= name.utf8.count + 4
      if room < 0 { break }
      exports.append(name)
    }
    otherExportCount = UInt32(clamping: names.count - exports.count)
  }

  /// Does it promise that several worker processes are fine (`PORTICO_SHARDED`)?
  public var isSharded: Bool { flags & 0x4 != 0 }
  /// Does it speak first? Then clients are accepted before they send anything.
  public var speaksFirst: Bool { hooks.contains("on_greet") }

  /// The promises by name, `none` for none.
  public var flagNames: [String] {
    let known: [(UInt64, String)] = [
      (0x1, "INLINE"), (0x2, "FORGETS"), (0x4, "SHARDED"), (0x8, "CONCURRENT"),
      (0x10, "COUPLED"),
    ]
    var names = known.filter { flags & $0.0 != 0 }.map(\.1)
    let unknown = flags & ~0x1F
    if unknown != 0 { names.append("unknown 0x" + String(unknown, radix: 16)) }
    return names
  }

  func encode(into wire: inout WireEncoder) {
    wire.put(name)
    wire.put(version)
    wire.put(summary)
    wire.put(compiler)
    wire.put(abiMajor)
    wire.put(abiMinor)
    wire.put(hasDescriptor)
    wire.put(flags)
    wire.put(hooks)
    wire.put(maxFrame)
    wire.put(exports)
    wire.put(otherExportCount)
    wire.put(needs)
    wire.put(isSwift)
    wire.put(settingsAsked)
  }

  init(decoding wire: inout WireDecoder) throws(MalformedMessage) {
    name = try wire.text("plugin name")
    version = try wire.text("plugin version")
    summary = try wire.text("plugin description")
    compiler = try wire.text("plugin compiler")
    abiMajor = try wire.number("ABI version")
    abiMinor = try wire.number("ABI version")
    hasDescriptor = try wire.flag("descriptor")
    flags = try wire.number("flags")
    hooks = try wire.texts("hooks")
    maxFrame = try wire.number("max_frame")
    exports = try wire.texts("exports")
    otherExportCount = try wire.number("exports")
    needs = try wire.texts("needed libraries")
    isSwift = try wire.flag("Swift")
    settingsAsked = try wire.texts("settings")
  }
}
