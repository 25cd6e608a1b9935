// From a sealed copy of a plugin's file to a `Handler`, in the order in which things can go wrong.
// Each failure is one sentence with the file and the cause. The supervisor never runs any of this:
// a plugin's constructors run here.

internal import CKernel
internal import CPortico
internal import Control
internal import Kernel

/// Why a plugin cannot be served: one sentence for the operator.
struct PluginRejection: Error, CustomStringConvertible {
  var description: String
}

struct PluginLoader: ~Copyable {
  /// The operator's file, for messages only: what is loaded is the copy.
  let path: String
  /// What is loaded, for the loader's messages.
  private var imagePath = ""
  private let page: SharedPage
  private(set) var report = PluginReport()
  private(set) var handler = Handler()
  private var exports: [String] = []

  /// Loads the image behind `fd` and reads its descriptor; `on_load` is not called yet.
  init(
    _ configuration: WorkerConfiguration, image fd: Int32, page: SharedPage
  ) throws(PluginRejection) {
    path = configuration.pluginPath
    self.page = page
    let file = try readImage(fd)
    var number = fd
    if let folders = try libraryFolders(for: file, configuration),
      let copy = Self.copy(of: fd, finding: folders)
    {
      number = copy
    }
    defer { if number != fd { _ = ck_close(number) } }
    // By number and not by `self`: a debugger opens the same path, and its own descriptor of that
    // number may be a pipe, which it would read for ever.
    imagePath = "/proc/\(Files.linkTarget(of: "/proc/self") ?? "self")/fd/\(number)"
    page.value.hook = CK_HOOK_CONSTRUCTOR.rawValue
    let image = unsafe imagePath.withCString { unsafe ck_load($0) }
    page.value.hook = CK_HOOK_NONE.rawValue
    guard let image = unsafe image else {
      throw rejectLoad(unsafe String(cString: ck_load_error()))
    }
    // SAFETY: the symbol was found in the plugin itself, and its type is the ABI's word.
    guard let symbol = unsafe ck_symbol(image, "handle") else {
      throw reject(LoadAdvice.noHandle(exports: exports))
    }
    guard unsafe ck_is_in_image(image, symbol) == 1 else {
      throw reject("has no `handle` of its own: the one found lies in a library that it needs")
    }
    unsafe handler.handle = unsafeBitCast(symbol, to: Handler.Handle.self)
    handler.name = Self.name(ofFile: path)
    if let symbol = unsafe ck_symbol(image, "portico_describe"),
      unsafe ck_is_in_image(image, symbol) == 1
    {
      unsafe try readDescriptor(unsafe symbol)
    }
    report.name = handler.name
    report.flags = handler.flags
    report.maxFrame = handler.maxFrame
    report.hooks = hookNames()
  }

  /// `libecho.so` and `echo.so` are both `echo`.
  static func name(ofFile path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasSuffix(".so") { name.removeLast(3) }
    if name.hasPrefix("lib"), name.count > 3 { name.removeFirst(3) }
    return name
  }

  private func reject(_ reason: String) -> PluginRejection {
    PluginRejection(description: "\(path) \(reason)")
  }

  /// Where the loader is to look for what the plugin needs; nil when that is nothing of its own.
  private func libraryFolders(
    for file: ELFImage, _ configuration: WorkerConfiguration
  ) throws(PluginRejection) -> [String]? {
    guard var libraries = PluginLibraries(of: file, configuration) else { return nil }
    do throws(PluginLibraries.Distrust) {
      try libraries.check(file)
    } catch {
      throw reject(
        "is not loaded: it needs \(error.reason); --allow-untrusted-plugin loads it all the same")
    }
    return libraries.folders
  }

  /// A copy that finds its libraries; nil when none can be made, which leaves it to the loader to
  /// say what is missing.
  private static func copy(of fd: Int32, finding folders: [String]) -> Int32? {
    var byteCount: Int64 = 0
    // SAFETY: one number is written; the mappings live as long as what is done with their bytes.
    guard unsafe ck_regular_size(fd, &byteCount) == 1,
      let old = try? Mapping(sharing: fd, byteCount: Int(byteCount), writable: false),
      let edit = RunPathEdit(
        unsafe UnsafeRawBufferPointer(old.bytes).bytes, runPath: folders.joined(separator: ":")),
      let new = unsafe try? MemoryFile(
        name: "portico plugin", byteCount: edit.byteCount,
        filledBy: { unsafe edit.apply(to: $0, from: UnsafeRawBufferPointer(old.bytes)) })
    else { return nil }
    return try? OwnDescriptors.moveUp(new.takeDescriptor().take())
  }

  private mutating func readImage(_ fd: Int32) throws(PluginRejection) -> ELFImage {
    var byteCount: Int64 = 0
    guard unsafe ck_regular_size(fd, &byteCount) == 1, byteCount > 0 else {
      throw reject("is empty")
    }
    var image: ELFImage?
    let rejection: PluginRejection?
    do throws(SystemError) {
      let mapping = try Mapping(sharing: fd, byteCount: Int(byteCount), writable: false)
      do throws(ELFImage.Defect) {
        let read = try ELFImage(unsafe UnsafeRawBufferPointer(mapping.bytes).bytes)
        report.needs = read.needs
        exports = read.exports
        report.setExports(exports)
        report.isSwift = read.isSwift
        image = read
        rejection =
          read.hasOwnSwiftRuntime
          ? reject(
            "brings a Swift runtime of its own, and two in one process do not work: rebuild it "
              + "without -static-stdlib, with the Swift that built this host") : nil
      } catch {
        rejection = reject(error.reason)
      }
    } catch {
      throw reject("cannot be read: \(error.reason)")
    }
    guard let image, rejection == nil else { throw rejection ?? reject("cannot be read") }
    return image
  }

  /// The loader's words, with the operator's path in place of the copy's.
  private func rejectLoad(_ words: String) -> PluginRejection {
    var words = words
    if words.hasPrefix(imagePath + ": ") { words.removeFirst(imagePath.utf8.count + 2) }
    return reject(LoadAdvice.load(words))
  }

  private mutating func readDescriptor(_ symbol: UnsafeMutableRawPointer) throws(PluginRejection) {
    typealias Describe = @convention(c) () -> UnsafePointer<portico_descriptor>?
    page.value.hook = CK_HOOK_DESCRIBE.rawValue
    // SAFETY: `portico_describe` has this type by the ABI.
    let given = unsafe unsafeBitCast(symbol, to: Describe.self)()
    page.value.hook = CK_HOOK_NONE.rawValue
    guard let given = unsafe given else { throw reject("returns NULL from portico_describe") }
    let raw = unsafe UnsafeRawPointer(given)
    let magic = unsafe raw.load(as: UInt32.self)
    guard magic == 0x4354_5250 else {
      throw reject(
        "has a descriptor with magic 0x\(String(magic, radix: 16)) instead of PORTICO_MAGIC: "
          + "start it with PORTICO_DESCRIPTOR_HEAD")
    }
    let size = unsafe Int(raw.load(fromByteOffset: 4, as: UInt32.self))
    let smallest = 24  // up to and with `flags`, which version 1.0 already had
    guard size >= smallest else {
      throw reject("has a truncated descriptor: \(size) bytes, and at least \(smallest) are needed")
    }
    var descriptor = unsafe portico_descriptor()
    unsafe withUnsafeMutableBytes(of: &descriptor) {
      unsafe $0.copyMemory(
        from: UnsafeRawBufferPointer(start: raw, count: min(size, $0.count)))
    }
    let (major, minor) = unsafe (descriptor.abi_major, descriptor.abi_minor)
    guard major == UInt16(PORTICO_ABI_MAJOR) else {
      throw reject(
        "needs version \(major).\(minor) of the handler ABI, and this host has "
          + "\(PORTICO_ABI_MAJOR).\(PORTICO_ABI_MINOR): use a newer portico, or rebuild the plugin")
    }
    unsafe take(descriptor)
  }

  private mutating func take(_ descriptor: portico_descriptor) {
    func text(_ given: UnsafePointer<CChar>?) -> String {
      guard let given = unsafe given else { return "" }
      return unsafe String(cString: given)
    }
    report.hasDescriptor = true
    unsafe report.abiMajor = descriptor.abi_major
    unsafe report.abiMinor = descriptor.abi_minor
    unsafe report.version = text(descriptor.version)
    unsafe report.summary = text(descriptor.description)
    unsafe report.compiler = text(descriptor.compiler)
    let name = unsafe text(descriptor.name)
    if !name.isEmpty { handler.name = name }
    unsafe handler.flags = descriptor.flags
    unsafe handler.maxFrame = descriptor.max_frame
    unsafe handler.onLoad = descriptor.on_load
    unsafe handler.onOpen = descriptor.on_open
    unsafe handler.onGreet = descriptor.on_greet
    unsafe handler.onEOF = descriptor.on_eof
    unsafe handler.onWritable = descriptor.on_writable
    unsafe handler.onTimer = descriptor.on_timer
    unsafe handler.onDrain = descriptor.on_drain
    unsafe handler.onClose = descriptor.on_close
    unsafe handler.onUnload = descriptor.on_unload
  }

  private func hookNames() -> [String] {
    let all: [(String, Bool)] = unsafe [
      ("handle", true), ("on_load", handler.onLoad != nil), ("on_open", handler.onOpen != nil),
      ("on_greet", handler.onGreet != nil), ("on_eof", handler.onEOF != nil),
      ("on_writable", handler.onWritable != nil), ("on_timer", handler.onTimer != nil),
      ("on_drain", handler.onDrain != nil), ("on_close", handler.onClose != nil),
      ("on_unload", handler.onUnload != nil),
    ]
    return all.filter(\.1).map(\.0)
  }

  /// Calls `on_load`, and holds the settings that were given against those that it asked for.
  mutating func start(_ host: UnsafePointer<portico_host>, core: Immortal<Core>)
    throws(PluginRejection)
  {
    if let onLoad = unsafe handler.onLoad {
      let capacity = 1024
      let words = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
      unsafe words.initialize(repeating: 0, count: capacity)
      defer { unsafe words.deallocate() }
      page.value.hook = CK_HOOK_LOAD.rawValue
      let answer = unsafe onLoad(host, words, capacity)
      page.value.hook = CK_HOOK_NONE.rawValue
      if answer != 0 {
        unsafe words[capacity - 1] = 0
        let reason = unsafe String(cString: words)
        throw PluginRejection(
          description: reason.isEmpty
            ? "\(handler.name) (\(path)) refused to start (on_load returned \(answer)) and did not "
              + "say why" : "\(handler.name) (\(path)) refused to start: \(reason)")
      }
    }
    report.settingsAsked = core.value.services.asked
    for setting in core.value.configuration.settings
    where !report.settingsAsked.contains(setting.key) {
      let known =
        report.settingsAsked.isEmpty
        ? "it asks for no settings"
        : "it asks for: " + report.settingsAsked.sorted().joined(separator: ", ")
      throw PluginRejection(
        description: "\(handler.name) (\(path)) never asked for --set \(setting.key); \(known)")
    }
  }
}
