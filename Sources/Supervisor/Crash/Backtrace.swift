// The calls that were running when a worker died, with names where there are any. Pure: addresses
// from its page, which is hostile, and the functions that `places` finds for them in the plugin.

package import CKernel
internal import Kernel

/// The calls of the thread that died, the innermost first.
package struct Backtrace: Equatable, Sendable {
  /// One line each: `handle+0x1c of crash.so`, `libc.so.6+0x8a1b3`.
  package private(set) var frames: [String] = []
  /// The innermost function of the plugin; nil when none of its own was running.
  package private(set) var function: String?
  /// How many of `frames` the plugin has to do with: up to its outermost.
  private var ownCount = 0

  /// Frames of the host below the plugin's say nothing to whoever wrote the plugin.
  private static let longestLine = 12

  /// No calls are known.
  package init() {}

  /// `plugin` is its file's name; `places` finds the functions that offsets in its image lie in.
  package init(
    _ page: ck_page, plugin: String, places: ([UInt64]) -> [UInt64: SymbolTable.Place]
  ) {
    let known = (0..<min(page.frame_count, UInt32(CK_FRAME_COUNT))).map {
      ck_frame_at(page, $0)
    }
    // Where a call will return to may be the first byte of the next function.
    func isHit(_ frame: ck_frame) -> Bool { frame.address == page.instruction }
    func target(_ frame: ck_frame) -> UInt64 {
      frame.address &- frame.base &- (isHit(frame) ? 0 : 1)
    }
    let found = places(known.filter { $0.in_plugin != 0 }.map(target))
    for (index, frame) in known.enumerated() {
      let offset = frame.address &- frame.base
      guard frame.in_plugin != 0 else {
        frames.append(Self.text(offset, in: Self.module(of: frame)))
        continue
      }
      var text = Self.text(offset, in: plugin)
      if let place = found[target(frame)] {
        let distance = place.offset &+ (isHit(frame) ? 0 : 1)
        text = "\(Self.readable(place.function))+0x\(String(distance, radix: 16)) of \(plugin)"
      }
      frames.append(text)
      function = function ?? text
      ownCount = index + 1
    }
  }

  /// The plugin's calls and who called it, for the log; nil when there is no more to say than
  /// `function` does.
  package var line: String? {
    guard frames.count > 1, ownCount > 0 else { return nil }
    var parts: [(text: String, count: Int)] = []
    for frame in frames.prefix(ownCount) {
      if let last = parts.last, last.text == frame {
        parts[parts.count - 1].count += 1
      } else {
        parts.append((frame, 1))
      }
    }
    guard parts.count > 1 || parts[0].count > 1 else { return nil }
    let shown = parts.prefix(Self.longestLine).map { part in
      part.count == 1 ? part.text : "\(part.text) (\(part.count) times)"
    }
    let rest = parts.count > shown.count ? ", …" : ""
    return shown.joined(separator: ", called by ") + rest
  }

  private static func text(_ offset: UInt64, in module: String) -> String {
    "\(module)+0x\(String(offset, radix: 16))"
  }

  private static func module(of frame: ck_frame) -> String {
    var bytes: [UInt8] = []
    while case let byte = ck_module_byte(frame, UInt32(bytes.count)), byte != 0 {
      bytes.append(byte)
    }
    return bytes.isEmpty ? "?" : String(decoding: bytes, as: UTF8.self)
  }

  /// A name in Swift without the types of what is passed: `static Shop.Handler.handle`. Others are
  /// left as they are.
  static func readable(_ symbol: String) -> String {
    guard let name = SwiftName.demangled(symbol) else { return symbol }
    var words = ""
    var depth = 0
    var last: Character = " "
    for character in name {
      let isArrow = last == "-" && character == ">"
      last = character
      switch character {
      case "(", "<": depth += 1
      case ")": depth = max(0, depth - 1)
      case ">" where !isArrow: depth = max(0, depth - 1)
      case _ where depth <= 0: words.append(character)
      case _: break
      }
    }
    // What a function returns goes up to the next level of "closure in function".
    let levels = words.split(separator: " in ").map { level in
      let named = level.split(separator: " -> ", maxSplits: 1).first ?? level
      return named.split(separator: " ").joined(separator: " ")
    }
    return levels.joined(separator: " in ")
  }
}
