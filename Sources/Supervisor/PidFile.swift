// `portico.pid` in a folder that one host has for itself: its number for scripts, and a lock for as
// long as the host takes clients. A host that drains gives up the lock, so that its successor can
// start, and removes the file at its end only if no successor has it. The folder may hold anything
// of that name: what is opened is looked at before it is written.

internal import Kernel

/// Owns the file's lock.
final class PidFile {
  /// What became of an attempt to have it.
  enum Outcome {
    case taken(PidFile)
    /// Another process has the lock; the number is what the file says.
    case heldBy(pid: String)
    /// Why it can be nobody's.
    case unusable(String)
  }

  static let name = "portico.pid"
  private static let mostByteCount = 32
  /// A host that ends may remove the file between its opening and its lock; not each time.
  private static let attempts = 100

  private let folder: OpenFolder
  private let file: Descriptor
  private var isForSuccessor = false
  private static let contents = "\(HostFacts.processID)\n"

  private init(_ folder: OpenFolder, _ file: consuming Descriptor) {
    self.folder = folder
    self.file = file
  }

  /// Makes the file or takes it over, and writes this process's number into it.
  static func take(in folder: OpenFolder) throws(StartFailure) -> Outcome {
    let path = folder.path(of: name)
    let remedy = "remove it, or choose another folder for --run-dir"
    do throws(SystemError) {
      for _ in 0..<attempts {
        let file = try folder.open(makingIfMissing: name)
        if let fault = fault(of: try FileOwnership(of: file)) {
          return .unusable("\(path) \(fault): \(remedy)")
        }
        guard try lock(file) else { return .heldBy(pid: number(in: file)) }
        guard folder.isStill(name, file) else { continue }
        try file.replaceContents(Array(contents.utf8))
        return .taken(PidFile(folder, file))
      }
      return .heldBy(pid: "unknown")
    } catch {
      switch error.code {
      case Code.isLink: throw StartFailure("\(path) is a symbolic link: \(remedy)")
      case Code.isFolder, Code.noDevice:
        throw StartFailure("\(path) is not a regular file: \(remedy)")
      default: throw StartFailure("\(path) cannot be written: \(error.reason)")
      }
    }
  }

  /// False while another process has the lock.
  private static func lock(_ file: borrowing Descriptor) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try file.lock()
      return true
    } catch {
      guard error.code == Code.wouldBlock else { throw error }
      return false
    }
  }

  /// The host whose folder it is, as its file says; nil where there is none, or one that is not
  /// such a file.
  static func pid(in folder: OpenFolder) -> Int32? {
    guard let file = try? folder.open(name), let ownership = try? FileOwnership(of: file),
      ownership.kind == .regular
    else { return nil }
    return Int(unsignedDigits: number(in: file)).flatMap(Int32.init(exactly:))
  }

  /// Gives up the lock; the file goes on naming this host until another one has it.
  func letSuccessorIn() {
    isForSuccessor = true
    file.unlock()
  }

  deinit {
    if isForSuccessor {
      // A successor has the lock, or has had it and was killed.
      guard (try? Self.lock(file)) == true, Self.number(in: file) + "\n" == Self.contents else {
        return
      }
    }
    if folder.isStill(Self.name, file) { folder.remove(Self.name) }
  }

  /// Why that is no file of this host's; nil when it may be one.
  private static func fault(of file: FileOwnership) -> String? {
    guard file.kind == .regular else { return "is not a regular file" }
    guard file.user == Accounts.current.user else {
      return "belongs to another user (\(file.user))"
    }
    return file.linkCount == 1 ? nil : "has \(file.linkCount) names (hard links)"
  }

  /// The first line.
  private static func number(in file: borrowing Descriptor) -> String {
    let bytes = file.read(at: 0, count: mostByteCount)
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// errno values this file tells apart.
  private enum Code {
    static let noDevice: Int32 = 6  // ENXIO: a socket, or a pipe that nobody reads
    static let wouldBlock: Int32 = 11  // EWOULDBLOCK
    static let isFolder: Int32 = 21  // EISDIR
    static let isLink: Int32 = 40  // ELOOP
  }
}
