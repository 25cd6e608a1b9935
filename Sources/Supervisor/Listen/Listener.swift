// One bound address and its sockets. They are opened at start and kept for the supervisor's life,
// so that no reload or crash ever refuses a client; workers inherit them and only poll.

package import Control
internal import Kernel

/// A listener: what was asked for, where it really is, and its sockets.
package protocol Listener: AnyObject {
  var uri: ListenerURI { get }
  var transport: Transport { get }
  /// What a worker inherits, in order: one for each worker there may be, or a single one.
  var descriptors: [Int32] { get }
  /// As the log and handlers see it: `tcp://[::]:7788`.
  var realURI: String { get }
  /// For clients on this machine.
  var connectableURI: String { get }
  /// Talks to it from this machine.
  var netcatLine: String { get }
  /// The real one; nil where there are none.
  var port: UInt16? { get }
  /// Takes IPv4 clients on its IPv6 sockets too.
  var isDualStack: Bool { get }

  /// From now on clients are taken. Once, when a plugin can answer. (UDP takes them from the moment
  /// it is bound: until somebody polls they wait in its buffer.)
  func listen(defersAccept: Bool) throws(StartFailure)

  /// With it a client is accepted when its first bytes are there, where the kernel can do that. A
  /// handler that speaks first cannot wait for them.
  func setDefersAccept(_ on: Bool) throws(StartFailure)

  /// Nobody may poll its sockets: it takes no clients until `resume`.
  var isSuspended: Bool { get }

  /// What waits for a worker now; nil where nothing can, or where the kernel does not say.
  var queue: ListenerQueue? { get }

  /// Clients that have begun to connect and are in no queue yet, those among them whose first bytes
  /// are waited for; nil where the kernel does not say.
  var handshakes: Int? { get }

  /// Somebody else keeps its sockets too: while it is off, clients are not refused but wait.
  var keepsClientsWaiting: Bool { get }

  /// The kernel lets clients in until it is off, since keeping them out wants a privilege: those of
  /// the last moment may be reset.
  var losesLatecomers: Bool { get }

  /// The first half of switching it off: clients that come are kept out, and those that the kernel
  /// holds already are still to be served. For as short a time as that takes: meanwhile a client
  /// may be left without an answer. Nothing has changed when it throws.
  func holdOff() throws(StartFailure)

  /// The second half, when no worker polls any more: clients are refused, where that is known.
  func suspend() throws(StartFailure)

  /// Clients are taken again, at the same address. Harmless when they were all the time; when it
  /// throws, nothing has changed and it may be tried again.
  func resume(defersAccept: Bool) throws(StartFailure)

  /// The first half of its end: clients that come are refused from now on, where that is known, and
  /// those that the kernel holds already are still to be served. It is not to be undone. Harmless
  /// when it is suspended. Throws where clients go on coming.
  func refuseClients() throws(StartFailure)

  /// The second half, when no worker polls any more: whoever still waits is let go.
  func stopListening()

  /// Leaves nothing behind. Harmless when it never listened, and a second time.
  func close()
}

extension Listener {
  package var keepsClientsWaiting: Bool { false }
  package var handshakes: Int? { 0 }
  package var losesLatecomers: Bool { false }
}

extension ListenerURI {
  /// How many connections wait before somebody accepts them.
  package static let backlog: Int32 = 4096

  /// Binds the address or, for a path, makes sure that it can be bound later. `note` is given what
  /// an operator should know.
  package func open(
    socketCount: Int, note: @escaping (String) -> Void
  ) throws(StartFailure) -> any Listener {
    switch self {
    case .tcp(let host, let port):
      try NetworkListener(self, .tcp, host: host, port: port, socketCount: socketCount, note: note)
    case .udp(let host, let port):
      try NetworkListener(self, .udp, host: host, port: port, socketCount: socketCount, note: note)
    case .unix(let path, let mode):
      try UnixListener(self, path: path, mode: mode, note: note)
    case .systemd: preconditionFailure("BUG: sockets that are passed cannot be opened")
    }
  }
}
