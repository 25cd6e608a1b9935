// The calls that were running when a worker died, with names where there are any. Pure: addresses
// from its page, which is hostile, and the functions that `places` finds for them in the plugin.

package import CKernel

/// The calls of the thread that died, the innermost first.
package struct Backtrace: Equatable, Sendable {
  /// One line each: `handle+0x1c of crash.so`, `libc.so.6+0x8a1b3`.
  package private(set) var frames: [String] = []
  /// The innermost function of the plugin; nil when none of its own was running.
  package private(set) var function: String?
  /// Its name alone.
  package private(set) var functionName: String?
  /// How many of `frames` the plugin has to do with: up to its outermost.
  private var ownCount = 0

  /// Frames of the host below the plugin's say nothing to whoever wrote the plugin.
  private static let longestLine = 12

  /// No calls are known.
  package init() {}

  /// What a frame lies in.
  package enum Module: Hashable, Sendable {
    case plugin
    /// A program or a library, by the name of its file.
    case other(String)
  }

  /// The functions that offsets in a module lie in.
  package typealias Places = (Module, _ offsets: [UInt64]) -> [UInt64: SymbolTable.Place]

  /// `plugin` is its file's name.
  package init(_ page: ck_page, plugin: String, places: Places) {
    var known = (0..<min(page.frame_count, UInt32(CK_FRAME_COUNT))).map { number in
      Frame(ck_frame_at(page, number), hit: page.has_exited == 0 ? page.instruction : 0)
    }
    // What wrote down that somebody called exit.
    if page.has_exited != 0, let writer = known.first?.module, writer != .plugin {
      known = Array(known.drop { $0.module == writer })
    }
    let found = Dictionary(grouping: known, by: \.module).mapValues { frames in
      frames.map(\.target)
    }.map { module, targets in (module, places(module, targets)) }
    let names = Dictionary(uniqueKeysWithValues: found)
    for (index, frame) in known.enumerated() {
      let isOwn = frame.module == .plugin
      let file =
        switch frame.module {
        case .plugin: plugin
        case .other(let name): name
        }
      let place = names[frame.module]?[frame.target]
      let name = place.map { FunctionName.readable($0.function) }
      var text = "\(file)+0x\(String(frame.offset, radix: 16))"
      if let place, let name {
        let offset = place.offset &+ (frame.offset &- frame.target)
        text = "\(name)+0x\(String(offset, radix: 16)) of \(file)"
      }
      frames.append(text)
      guard isOwn else { continue }
      if function == nil {
        function = text
        functionName = name
      }
      ownCount = index + 1
    }
  }

  /// One call, as the page has it.
  private struct Frame {
    var module: Module
    /// In the module's file.
    var offset: UInt64
    /// The same of the call itself: it returns behind that, which may be the next function.
    var target: UInt64

    init(_ frame: ck_frame, hit: UInt64) {
      offset = frame.address &- frame.base
      target = frame.address == hit ? offset : offset &- 1
      var name: [UInt8] = []
      while case let byte = ck_module_byte(frame, UInt32(name.count)), byte != 0 {
        name.append(byte)
      }
      let text = name.isEmpty ? "?" : String(decoding: name, as: UTF8.self)
      module = frame.in_plugin != 0 ? .plugin : .other(text)
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
}
