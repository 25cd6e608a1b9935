// One connection of a drill: lines and bodies out of what comes in whatever pieces, and what went
// wrong in the three words that a drill counts.

internal import Foundation

/// What a client of a drill may complain of.
enum DrillFault: Error {
  case refused(String)
  case reset(String)
  /// An orderly end in the middle of an answer.
  case ended(String)
  case wrong(String)
}

/// A client that reads lines.
final class DrillConversation {
  /// Byte i of an answer's body is i % 251.
  private static let pattern = (0..<(251 + 65536)).map { UInt8($0 % 251) }

  private let client: Client
  private var unread: [UInt8] = []
  private var hasEnded = false

  init(_ server: SocketAddress, source: String?, receiveBuffer: Int32? = nil) throws(DrillFault) {
    do {
      client = try Client(server, source: source, receiveBuffer: receiveBuffer)
    } catch {
      throw .refused("\(error)")
    }
  }

  func send(_ text: String) throws(DrillFault) {
    do {
      try client.send(text)
    } catch {
      throw .reset("\(error)")
    }
  }

  func shutdownSend() { _ = try? client.shutdownSend() }
  func shut() { client.shut() }

  /// The next line without its end; before the server's end what is left; nil at the end.
  func line() throws(DrillFault) -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeFirst(end + 1)
        return line
      }
      if hasEnded {
        let line = String(decoding: unread, as: UTF8.self)
        unread = []
        return line.isEmpty ? nil : line
      }
      try receive(atMost: 4096)
    }
  }

  /// A body of that size, read in pieces with a gap between them.
  func readBody(byteCount: Int, gap: Duration) throws(DrillFault) {
    var done = 0
    while done < byteCount {
      if unread.isEmpty {
        if hasEnded { throw .ended("the answer ends after \(done) of \(byteCount) bytes") }
        if done > 0, gap > .zero { pause(for: gap) }
        try receive(atMost: 65536)
        continue
      }
      let piece = unread.prefix(byteCount - done)
      let expected = Self.pattern[(done % 251)..<(done % 251 + piece.count)]
      guard piece.elementsEqual(expected) else {
        throw .wrong("the bytes from \(done) of \(byteCount) on are not right")
      }
      done += piece.count
      unread.removeFirst(piece.count)
    }
  }

  private func receive(atMost limit: Int) throws(DrillFault) {
    do {
      if let some = try client.receive(atMost: limit) { unread += some } else { hasEnded = true }
    } catch {
      throw "\(error)".hasPrefix("receive:") ? .reset("\(error)") : .wrong("\(error)")
    }
  }
}
