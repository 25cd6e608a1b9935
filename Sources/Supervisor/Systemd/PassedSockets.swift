// The sockets that a service manager passed to this process, until listeners have taken them. Each
// must be taken: one that nobody serves would leave its clients waiting for ever.

internal import CKernel
internal import Kernel

/// One of them. (An array's element has to be copyable, and a socket is not.)
final class PassedSocket {
  let socket: InheritedSocket
  let name: String
  /// As it was passed, from 3 on.
  let number: Int32

  init(_ socket: consuming InheritedSocket, name: String, number: Int32) {
    self.socket = socket
    self.name = name
    self.number = number
  }

  var scheme: String {
    switch socket.kind {
    case .tcp: "tcp"
    case .udp: "udp"
    case .unix: "unix"
    case .other: "other"
    }
  }

  /// For messages.
  var place: String { "descriptor \(number) (\(name)) of LISTEN_FDS" }

  /// As it stands in a listener's URI; nil for what cannot be one.
  var address: String? {
    switch socket.kind {
    case .tcp(let endpoint, _): "tcp://\(endpoint)"
    case .udp(let endpoint, _): "udp://\(endpoint)"
    case .unix(let path): "unix:\(path)"
    case .other: nil
    }
  }

  /// Is it what somebody wrote? A host that is a name is never looked up for this.
  func isAt(_ uri: ListenerURI) -> Bool {
    switch (socket.kind, uri) {
    case (.tcp(let endpoint, _), .tcp(let host, let port)),
      (.udp(let endpoint, _), .udp(let host, let port)):
      guard port != 0, port == endpoint.port else { return false }
      switch host {
      case .any: return ["::", "0.0.0.0"].contains(endpoint.addressText)
      case .address(let address):
        return Endpoint(address: address, port: port)?.description == endpoint.description
      case .name: return false
      }
    case (.unix(let bound), .unix(let path, _)):
      return bound == path || bound == "\(Files.currentFolder())/\(path)"
    default: return false
    }
  }
}

/// Those that no listener has taken yet.
struct PassedSockets {
  private var rest: [PassedSocket] = []

  /// Takes over the descriptors from 3 on, one for each name. Before anything else is opened.
  init(names: [String]) throws(StartFailure) {
    let first: Int32 = 3
    for (index, name) in names.enumerated() {
      let number = first + Int32(index)
      do throws(SystemError) {
        let socket = try InheritedSocket(moving: number, atOrAbove: first + Int32(names.count))
        rest.append(PassedSocket(socket, name: name, number: number))
      } catch {
        throw StartFailure("descriptor \(number) (\(name)) of LISTEN_FDS cannot be used: \(error)")
      }
    }
  }

  var isEmpty: Bool { rest.isEmpty }

  /// The listener at an address; nil when none was passed.
  mutating func listener(at uri: ListenerURI) throws(StartFailure) -> InheritedListener? {
    let found = rest.filter { $0.isAt(uri) }
    guard !found.isEmpty else { return nil }
    return try listeners(of: found)[0]
  }

  /// Those of one name, in their order.
  mutating func listeners(named name: String) throws(StartFailure) -> [InheritedListener] {
    let found = rest.filter { $0.name == name }
    guard !found.isEmpty else {
      let names = rest.map(\.name).reduce(into: [String]()) { list, name in
        if !list.contains(name) { list.append(name) }
      }
      throw StartFailure(
        rest.isEmpty
          ? """
          --listen systemd:\(name): no socket was passed (LISTEN_FDS): start the .socket unit, \
          which starts this one
          """
          : """
          --listen systemd:\(name): no socket of that name was passed; there are: \
          \(names.joined(separator: ", ")) (FileDescriptorName= of the .socket unit)
          """)
    }
    return try listeners(of: found)
  }

  mutating func takeAll() throws(StartFailure) -> [InheritedListener] { try listeners(of: rest) }

  /// Throws when something is left.
  func mustBeEmpty() throws(StartFailure) {
    guard let left = rest.first else { return }
    throw StartFailure(
      """
      \(left.place) (\(left.address ?? "of a kind that cannot be served")) is not served: add \
      --listen systemd:\(left.name), or take it out of the .socket unit
      """)
  }

  /// Sockets of one address are one listener, as ReusePort= makes them.
  private mutating func listeners(
    of found: [PassedSocket]
  ) throws(StartFailure) -> [InheritedListener] {
    var groups: [(address: String?, sockets: [PassedSocket])] = []
    for element in found {
      let address = element.address
      if let index = groups.firstIndex(where: { address != nil && $0.address == address }) {
        groups[index].sockets.append(element)
      } else {
        groups.append((address, [element]))
      }
    }
    rest.removeAll { left in found.contains { $0 === left } }
    return try groups.map { group throws(StartFailure) in try InheritedListener(group.sockets) }
  }
}

extension RunOptions {
  /// Opens every listener, or takes over what was passed: all of it when none is asked for.
  func openListeners(
    from passed: consuming PassedSockets, socketCount: Int, note: @escaping (String) -> Void
  ) throws(StartFailure) -> [any Listener] {
    var passed = passed
    if !hasListenOption, !passed.isEmpty { return try passed.takeAll() }
    var opened: [any Listener] = []
    for uri in listeners {
      if case .systemd(let name) = uri {
        opened += try passed.listeners(named: name) as [any Listener]
      } else if let listener = try passed.listener(at: uri) {
        opened.append(listener)
      } else {
        opened.append(try uri.open(socketCount: socketCount, note: note))
      }
    }
    try passed.mustBeEmpty()
    return opened
  }
}
