// The folder of `--run-dir`: where a running Portico can be found. It holds `portico.pid`, locked
// as long as the supervisor lives, so that two never share one folder; without the option nothing
// is written anywhere.

internal import Kernel

/// Owns the pid file, and removes it at the end.
struct RunFolder: ~Copyable {
  /// The folder.
  let folder: String
  private let path: String
  private let lock: Descriptor

  init(_ folder: String) throws(StartFailure) {
    let path = "\(folder)/portico.pid"
    do throws(SystemError) {
      try Files.makePrivateFolder(folder)
    } catch {
      throw StartFailure("the folder \(folder) of --run-dir cannot be made: \(error.reason)")
    }
    do throws(SystemError) {
      let lock = try Files.openLocked(path)
      try lock.writeAllWaiting(Array("\(HostFacts.processID)\n".utf8))
      self.lock = lock
    } catch {
      guard error.code == Self.wouldBlock else {
        throw StartFailure("\(path) cannot be written: \(error.reason)")
      }
      let other = (try? Files.contents(of: path, limit: 32)) ?? []
      let pid = String(decoding: other.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
      throw StartFailure("\(folder) belongs to a Portico that is running (pid \(pid))")
    }
    self.path = path
    self.folder = folder
  }

  deinit { Files.remove(path) }

  private static let wouldBlock: Int32 = 11  // EWOULDBLOCK
}
