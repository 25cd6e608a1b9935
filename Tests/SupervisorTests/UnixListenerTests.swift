// Promise: a path belongs to one Portico at a time; what nobody serves any more is replaced, and
// nothing else is ever removed.

import Foundation
import Kernel
import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) final class UnixListenerTests {
  private let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/portico-unix-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var path: String { "\(folder)/s" }

  private func open(
    _ path: String? = nil, mode: UInt16? = nil, note: @escaping (String) -> Void = { _ in }
  ) throws -> any Listener {
    try ListenerURI.unix(path: path ?? self.path, mode: mode).open(socketCount: 4, note: note)
  }

  private func refusal(_ path: String? = nil, listening: Bool = false) -> String {
    do {
      let listener = try open(path)
      if listening { try listener.listen(defersAccept: true) }
      return "it was taken"
    } catch {
      return "\(error)"
    }
  }

  /// A socket that nobody has open any more, as a process that was killed leaves it.
  private func leaveSocket() throws {
    let socket = try UnixSocket()
    try socket.bind(path, mode: nil)
    try socket.listen(backlog: 1)
  }

  private func permissions() throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test("It has one socket, and a file from the time it listens until it is closed")
  func lifetime() throws {
    let listener = try open()
    #expect(listener.descriptors.count == 1 && listener.port == nil && !listener.isDualStack)
    #expect(listener.realURI == "unix:\(path)" && listener.connectableURI == listener.realURI)
    #expect(!FileManager.default.fileExists(atPath: path))
    try listener.listen(defersAccept: true)
    #expect(try UnixSocket.service(behind: path) == .process(pid: HostFacts.processID))
    listener.stopListening()
    #expect(try UnixSocket.service(behind: path) == .none)
    listener.close()
    #expect(!FileManager.default.fileExists(atPath: path))
    listener.close()
  }

  @Test("The file has exactly the mode that was asked for", arguments: [0o600, 0o666, 0o777, 0])
  func modes(mode: UInt16) throws {
    let listener = try open(mode: mode)
    try listener.listen(defersAccept: true)
    #expect(try permissions() == Int(mode))
  }

  @Test("A path that is served is refused with the process that serves it, early and late")
  func inUse() throws {
    let early = try open()
    let first = try open()
    try first.listen(defersAccept: true)
    let expected = "(pid \(HostFacts.processID)) serves it"
    #expect(refusal().contains("cannot listen on unix:\(path): "))
    #expect(refusal().contains(expected))
    do {
      try early.listen(defersAccept: true)
      Issue.record("the path was bound twice")
    } catch {
      #expect(error.description.contains(expected))
    }
    early.close()
    #expect(try UnixSocket.service(behind: path) == .process(pid: HostFacts.processID))
  }

  @Test("A socket that nobody serves is replaced when Portico listens, and the log says so")
  func stale() throws {
    try leaveSocket()
    var notes: [String] = []
    let listener = try open { notes.append($0) }
    #expect(notes.isEmpty && FileManager.default.fileExists(atPath: path))
    try listener.listen(defersAccept: true)
    #expect(notes == ["removed the stale socket \(path)"])
    #expect(try UnixSocket.service(behind: path) == .process(pid: HostFacts.processID))
  }

  @Test("What is no socket is never removed")
  func otherFiles() throws {
    #expect(FileManager.default.createFile(atPath: path, contents: Data("mine".utf8)))
    #expect(refusal().contains("\(path) exists and is not a socket"))
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "elsewhere")
    #expect(refusal().contains("is not a socket"))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "elsewhere")
  }

  @Test("A folder that is not there, or is none, is named before anything is loaded")
  func folders() {
    #expect(refusal("\(folder)/no/s").contains("there is no folder \(folder)/no: make it first"))
    _ = FileManager.default.createFile(atPath: "\(folder)/file", contents: nil)
    #expect(refusal("\(folder)/file/s").contains("\(folder)/file is not a folder"))
  }

  @Test("A file that was put in its place is left alone at the end")
  func replacedFile() throws {
    let first = try open()
    try first.listen(defersAccept: true)
    try FileManager.default.removeItem(atPath: path)
    let second = try open()
    try second.listen(defersAccept: true)
    first.close()
    #expect(try UnixSocket.service(behind: path) == .process(pid: HostFacts.processID))
    second.close()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("Of many that start at the same moment over a stale socket exactly one serves")
  func race() async throws {
    for _ in 0..<20 {
      try leaveSocket()
      let uri = ListenerURI.unix(path: path, mode: nil)
      let winnerCount = await Contest.winnerCount(of: 8) {
        let listener = try? uri.open(socketCount: 1) { _ in }
        return (try? listener?.listen(defersAccept: true)) == nil ? nil : listener
      }
      #expect(winnerCount == 1)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test("The line to try it with can be pasted into a shell")
  func netcat() throws {
    #expect(try open().netcatLine.hasPrefix("nc -U /"))
    #expect(try open("\(folder)/a b'c").netcatLine == "nc -U '\(folder)/a b'\\''c'")
  }
}
