// A Unix socket at a path. Its file outlives whoever made it, so a path that exists may be served,
// or be left over from somebody who was killed. Only a left-over socket is ever removed, and two
// Porticos that start at the same time must not take each other's fresh one for such: both hold a
// lock on the folder from the first look until the socket listens.

package import Control
internal import Kernel

/// A listener with a path, and a single socket.
package final class UnixListener: Listener {
  /// Whoever keeps the folder locked for longer is no Portico that starts.
  private static let lockTimeout = Duration.seconds(2)

  package let uri: ListenerURI
  let path: String
  let folder: String
  let mode: UInt16?
  let socket: UnixSocket
  private let note: (String) -> Void
  /// The file that `listen` made; nobody else's is removed.
  private(set) var ownFile: FileIdentity?
  /// While it is off.
  var aside: Aside?

  /// What a look at the path finds.
  private enum Finding {
    case free
    /// A socket that nobody has open.
    case stale
    /// Why it cannot be had.
    case taken(String)
  }

  /// Makes sure that the path can be bound, as things are now: a mistake should show before a
  /// plugin is loaded. Nothing is changed.
  init(
    _ uri: ListenerURI, path: String, mode: UInt16?, note: @escaping (String) -> Void
  ) throws(StartFailure) {
    self.uri = uri
    self.path = path
    self.mode = mode
    self.note = note
    folder = path.contains("/") ? Installation.parent(of: path) : "."
    do throws(SystemError) {
      socket = try UnixSocket()
    } catch {
      throw StartFailure("cannot listen on \(uri): \(error)")
    }
    try refusing { () throws(SystemError) in
      try UnixSocket.checkFolder(folder)
      guard case .taken(let why) = try look() else { return nil }
      return why
    }
  }

  deinit { close() }

  package var transport: Transport { .unix }
  package var descriptors: [Int32] { [socket.descriptor.rawValue] }
  package var port: UInt16? { nil }
  package var isDualStack: Bool { false }
  package var realURI: String { "unix:\(path)" }
  package var connectableURI: String { realURI }

  package var netcatLine: String { Self.netcatLine(path: path) }

  static func netcatLine(path: String) -> String {
    let isPlain = path.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "+")...UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    let quoted = path.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: #"'\''"#)
    return "nc -U " + (isPlain ? path : "'\(quoted)'")
  }

  /// Makes the file and listens. The lock ends only then: a path that is bound and does not listen
  /// yet refuses clients as a left-over one does.
  package func listen(defersAccept: Bool) throws(StartFailure) {
    try refusing { () throws(SystemError) in
      let lock = try FolderLock(folder, waitingAtMost: Self.lockTimeout)
      let refusal = try takePath()
      lock.release()
      return refusal
    }
  }

  /// The kernel knows no such thing for a path.
  package func setDefersAccept(_ on: Bool) throws(StartFailure) {}

  package func stopListening() {
    if ownFile != nil { socket.stopListening() }
  }

  /// Removes the file if it still is the one that was made here; somebody may have put another in
  /// its place. The socket is open until then, so that no other file has the same number.
  package func close() {
    guard let file = ownFile else { return }
    ownFile = nil
    // Without the lock, which somebody keeps for good, the file would be left behind.
    let lock = try? FolderLock(folder, waitingAtMost: Self.lockTimeout)
    for (path, file) in [(path, aside?.file ?? file), (hiddenPath, file)] {
      if let occupant = try? UnixSocket.occupant(of: path), occupant == .socket(file) {
        Files.remove(path)
      }
    }
    aside = nil
    _ = consume lock
  }

  /// Under the lock; a sentence when the path cannot be had.
  private func takePath() throws(SystemError) -> String? {
    switch try look() {
    case .taken(let why): return why
    case .stale:
      Files.remove(path)
      note("removed the stale socket \(path)")
    case .free: break
    }
    // Nobody serves it, or the path would be taken.
    if case .socket = try UnixSocket.occupant(of: hiddenPath) { Files.remove(hiddenPath) }
    try socket.bind(path, mode: mode)
    if case .socket(let file) = try UnixSocket.occupant(of: path) { ownFile = file }
    try socket.listen(backlog: ListenerURI.backlog)
    return nil
  }

  private func look() throws(SystemError) -> Finding {
    if case .process(let pid) = try suspendedService() {
      let owner = pid.map(SocketOwner.describe(pid:)) ?? SocketOwner.describe(path: path)
      return .taken("\(owner ?? "another process") serves it, and is suspended")
    }
    switch try UnixSocket.occupant(of: path) {
    case .nothing: return .free
    case .otherFile:
      return .taken("\(path) exists and is not a socket: remove it or choose another path")
    case .socket: break
    }
    do throws(SystemError) {
      switch try UnixSocket.service(behind: path) {
      case .none: return .stale
      case .process(let pid):
        let owner = pid.map(SocketOwner.describe(pid:)) ?? SocketOwner.describe(path: path)
        return .taken("\(owner ?? "another process") serves it")
      }
    } catch {
      guard error.code == Code.notPermitted else { throw error }
      return .taken(
        "\(path) is a socket that this user may not connect to, so that it cannot be told whether "
          + "somebody serves it: remove it or choose another path")
    }
  }

  /// What `work` returns or throws becomes a sentence, with the remedy where one is known.
  func refusing(
    _ what: String = "listen on", _ work: () throws(SystemError) -> String?
  ) throws(StartFailure) {
    var refusal: String?
    do throws(SystemError) {
      refusal = try work()
    } catch {
      refusal =
        switch error.code {
        case Code.noSuchFile: "there is no folder \(folder): make it first"
        case Code.notFolder: "\(folder) is not a folder: choose another path"
        case Code.notPermitted:
          "this user may not make files in \(folder): choose another folder, or change its mode"
        case Code.readOnly: "\(folder) cannot be written to: choose a folder such as /run"
        case Code.tooLong: "the path is too long: choose a shorter one"
        case Code.inUse: "somebody else has just made that file: try again or choose another path"
        case Code.wouldBlock: "another process keeps the folder \(folder) locked: end it, or wait"
        default: "\(error)"
        }
    }
    if let refusal { throw StartFailure("cannot \(what) \(uri): \(refusal)") }
  }

  /// errno values this file tells apart.
  enum Code {
    static let noSuchFile: Int32 = 2  // ENOENT
    static let wouldBlock: Int32 = 11  // EWOULDBLOCK
    static let notPermitted: Int32 = 13  // EACCES
    static let notFolder: Int32 = 20  // ENOTDIR
    static let readOnly: Int32 = 30  // EROFS
    static let tooLong: Int32 = 36  // ENAMETOOLONG
    static let inUse: Int32 = 98  // EADDRINUSE
  }
}
