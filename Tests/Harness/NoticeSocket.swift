// What a service manager listens on: a datagram socket, each notice with the time it came.

internal import Foundation

/// Receives notices (sd_notify(3)) from the moment it is made.
package final class NoticeSocket: Sendable {
  /// What NOTIFY_SOCKET is to be: a path, or a name behind an @.
  package let address: String
  private let descriptor: Int32

  package struct Notice: Sendable, CustomStringConvertible {
    package let time: ContinuousClock.Instant
    package let fields: [String: String]
    package var description: String { "\(fields)" }
  }

  package init(isAbstract: Bool = false) throws {
    let name = "\(isAbstract ? "@" : "/")portico-notices-\(UUID().uuidString)"
    address = isAbstract ? name : "/tmp\(name)"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var unix = sockaddr_un()
    unix.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &unix.sun_path) {
      $0.copyBytes(from: address.utf8.prefix($0.count - 1))
      if isAbstract { $0[0] = 0 }
    }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + address.utf8.count)
    let result = withUnsafeBytes(of: unix) {
      bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), size)
    }
    guard descriptor >= 0, result == 0 else { throw Failure.system("bind to \(address)") }
  }

  deinit {
    close(descriptor)
    if !address.hasPrefix("@") { unlink(address) }
  }

  /// The next one; throws when none comes.
  package func next(within limit: Duration = .seconds(10)) throws -> Notice {
    guard let notice = try nextIfAny(within: limit) else {
      throw Failure("no notice within \(limit)")
    }
    return notice
  }

  package func nextIfAny(within limit: Duration) throws -> Notice? {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Int32(limit / .milliseconds(1))) > 0 else { return nil }
    var room = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &room, room.count, 0)
    guard count >= 0 else { throw Failure.system("receive a notice") }
    let lines = String(decoding: room[..<count], as: UTF8.self).split(separator: "\n")
    var fields: [String: String] = [:]
    for line in lines {
      guard let equals = line.firstIndex(of: "=") else { throw Failure("no field: \(line)") }
      fields[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    return Notice(time: .now, fields: fields)
  }

  /// The first that has a field; those before it are passed over.
  package func first(
    with field: String, within limit: Duration = .seconds(10)
  ) throws -> Notice {
    let start = ContinuousClock.now
    while true {
      let left = limit - (ContinuousClock.now - start)
      guard left > .zero else { throw Failure("no notice with \(field) within \(limit)") }
      if let notice = try nextIfAny(within: left), notice.fields[field] != nil { return notice }
    }
  }
}
