// The folder of crash files: `crash-20261123T040506.123Z-PID.txt`, so that names sort by time. It
// stays small whatever happens, never holds half a file, and nothing in it but files of such names
// is ever removed. Several hosts of one user may share it.

package import Kernel

/// Where crash reports are kept.
package struct CrashFolder {
  /// So many files are kept; the oldest go.
  package static let fileCount = 32
  /// Bytes of input, as text, that one file has at most.
  package static let inputByteCount = 4 << 20

  private let path: String

  /// Nothing is made before there is something to be kept.
  package init(_ path: String) { self.path = path }

  /// Writes a report as far as a file may hold it; returns the file's path. When it throws, nothing
  /// has changed but that there may be a folder.
  package func write(_ report: CrashReport) throws(SystemError) -> String {
    try Files.makePrivateFolder(path)
    // Not through a link, nor into a folder that somebody else could look into.
    guard try Files.owner(ofFolder: path)?.user == Accounts.current.user else {
      throw SystemError("mkdir", code: Self.isForeign)
    }
    let text = Array(report.fitted(toByteCount: Self.inputByteCount).text.utf8)
    let file = CrashFileName(time_ns: report.time_ns, pid: report.pid)
    let name = try make(file, text)
    removeOldest(but: name, at: report.time_ns)
    return "\(path)/\(name)"
  }

  /// Numbers of processes begin anew with each namespace of them, so a name may be taken.
  private func make(_ file: CrashFileName, _ text: [UInt8]) throws(SystemError) -> String {
    var copy = 1
    while true {
      let name = file.text(copy: copy)
      do throws(SystemError) {
        let temporary = CrashFileName.temporary(name)
        try Files.makePrivateFile("\(path)/\(name)", contents: text, by: "\(path)/\(temporary)")
        return name
      } catch {
        guard error.code == Self.isTaken, copy < Self.copyCount else { throw error }
        copy += 1
      }
    }
  }

  private func removeOldest(but newest: String, at time_ns: UInt64) {
    let names = Files.names(in: path)
    let files = names.filter { CrashFileName.isOne($0) && $0 != newest }
    for name in files.dropLast(Self.fileCount - 1) { Files.remove("\(path)/\(name)") }
    // What a host left that was killed while it wrote.
    for name in names where CrashFileName.isLeftOver(name, at: time_ns) {
      Files.remove("\(path)/\(name)")
    }
  }

  private static let isTaken: Int32 = 17  // EEXIST
  private static let isForeign: Int32 = 13  // EACCES
  private static let copyCount = 9
}
