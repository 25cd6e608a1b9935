// The folder of crash files: `crash-20261123T040506.123Z-PID.txt`, so that names sort by time. It
// stays small whatever happens, never holds half a file, and nothing in it but files of such names
// is ever removed. Several hosts of one user may share it.

package import Kernel

/// Where crash reports are kept.
package struct CrashFolder {
  /// So many files are kept unless `--crash-files` says otherwise; the oldest go.
  package static let fileCount = 32
  /// Bytes of input, as text, that one file has at most unless `--crash-bytes` says otherwise.
  package static let inputByteCount = 4 << 20
  private static let name = "crashes"

  private let run: OpenFolder
  private let trust: PathTrust
  private let fileCount: Int
  /// nil to keep none of a client's bytes.
  private let inputByteCount: Int?

  /// In a run folder that is the host's. Nothing is made before there is something to be kept.
  package init(
    in run: OpenFolder, trust: PathTrust, fileCount: Int = fileCount,
    inputByteCount: Int? = inputByteCount
  ) {
    self.run = run
    self.trust = trust
    self.fileCount = fileCount
    self.inputByteCount = inputByteCount
  }

  /// The folder, for sentences.
  package var path: String { run.path(of: Self.name) }

  /// Writes a report as far as a file may hold it; returns the file's path. When it throws, nothing
  /// has changed but that there may be a folder; the error says why, without the folder's path.
  package func write(_ report: CrashReport) throws(StartFailure) -> String {
    let folder = try open()
    let fitted = inputByteCount.map { report.fitted(toByteCount: $0) } ?? report.withoutInput
    let file = CrashFileName(time_ns: report.time_ns, pid: report.pid)
    do throws(SystemError) {
      let name = try make(file, Array(fitted.text.utf8), in: folder)
      removeOldest(in: folder, but: name, at: report.time_ns)
      return folder.path(of: name)
    } catch {
      throw StartFailure(error.reason)
    }
  }

  /// Not through a link, nor into a folder that somebody else could look into.
  private func open() throws(StartFailure) -> OpenFolder {
    let folder: OpenFolder
    let ownership: FileOwnership
    do throws(SystemError) {
      folder = try run.folder(makingIfMissing: Self.name)
      ownership = try folder.ownership()
    } catch {
      let isNoFolder = error.code == Self.isNoFolder || error.code == Self.isLink
      throw StartFailure(isNoFolder ? "it is a symbolic link or a file: remove it" : error.reason)
    }
    guard ownership.user == trust.user else {
      throw StartFailure("it belongs to another user (\(ownership.user))")
    }
    guard trust.writer(of: ownership) == nil else {
      throw StartFailure("others may write to it: `chmod go-w \(path)`")
    }
    return folder
  }

  /// Numbers of processes begin anew with each namespace of them, so a name may be taken.
  private func make(
    _ file: CrashFileName, _ text: [UInt8], in folder: OpenFolder
  ) throws(SystemError) -> String {
    var copy = 1
    while true {
      let name = file.text(copy: copy)
      do throws(SystemError) {
        try folder.makePrivateFile(name, contents: text, by: CrashFileName.temporary(name))
        return name
      } catch {
        guard error.code == Self.isTaken, copy < Self.copyCount else { throw error }
        copy += 1
      }
    }
  }

  private func removeOldest(in folder: OpenFolder, but newest: String, at time_ns: UInt64) {
    let names = folder.names
    let files = names.filter { CrashFileName.isOne($0) && $0 != newest }
    for name in files.dropLast(fileCount - 1) { folder.remove(name) }
    // What a host left that was killed while it wrote.
    for name in names where CrashFileName.isLeftOver(name, at: time_ns) { folder.remove(name) }
  }

  private static let isTaken: Int32 = 17  // EEXIST
  private static let isNoFolder: Int32 = 20  // ENOTDIR
  private static let isLink: Int32 = 40  // ELOOP
  private static let copyCount = 9
}
