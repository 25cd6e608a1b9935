// A port switched off and on. Clients are to be refused, not left waiting, and nobody is to be
// lost: first the kernel passes over new ones until the workers have accepted the others, and only
// then the sockets stop listening, which would reset whoever still waits in them. Seen on Linux
// 6.18: a socket that listens again has its options, and clients as before.

internal import CKernel
internal import Glibc
internal import Kernel

extension NetworkListener {
  package var isSuspended: Bool { state == .suspended }

  package var queue: ListenerQueue? {
    switch kind {
    case .tcp: ListenerQueue(.clients, descriptors.compactMap(SocketQueue.tcp))
    case .udp: ListenerQueue(.bytes, descriptors.compactMap(SocketQueue.udp))
    }
  }

  package var handshakes: Int? { kind == .tcp ? SocketQueue.handshakes(at: endpoint) : 0 }

  /// Where the kernel cannot refuse them it passes over their first packets. Datagrams are dropped.
  package func refuseClients() throws(StartFailure) {
    guard state != .suspended else { return }
    do throws(SystemError) {
      for element in sockets {
        switch kind {
        case .tcp:
          do throws(SystemError) {
            try element.socket.refuseClients()
          } catch {
            try element.socket.passOverClients()
          }
        case .udp: try element.socket.dropDatagrams()
        }
      }
    } catch {
      throw StartFailure("\(realURI) goes on taking clients for a moment: \(error)")
    }
  }

  /// The first packets of clients, and datagrams, are dropped in the kernel.
  package func holdOff() throws(StartFailure) {
    guard state == .open else { return }
    losesLatecomers = false
    do throws(SystemError) {
      for element in sockets {
        switch kind {
        case .tcp:
          do throws(SystemError) {
            try element.socket.passOverClients()
          } catch {
            // Seen on Linux 6.18, which lets only the privileged filter a TCP socket.
            guard error.code == EPERM else { throw error }
            losesLatecomers = true
          }
        case .udp: try element.socket.dropDatagrams()
        }
      }
    } catch {
      for element in sockets { try? element.socket.takeAll() }
      throw StartFailure("\(realURI) cannot be suspended: \(error)")
    }
    state = .holdingOff
  }

  /// UDP knows no refusing: its datagrams go on being dropped.
  package func suspend() throws(StartFailure) {
    guard state == .holdingOff else { return }
    if kind == .tcp {
      do throws(SystemError) {
        if hasChosenPort { placeholder = Element(try boundSocket()) }
      } catch {
        throw StartFailure("\(realURI) cannot be suspended: \(error)")
      }
      stopListening()
    }
    state = .suspended
  }

  package func resume(defersAccept: Bool) throws(StartFailure) {
    do throws(SystemError) {
      switch state {
      case .open: return
      case .holdingOff: for element in sockets { try element.socket.takeAll() }
      case .suspended:
        // The kernel has taken its number back. (getsockname goes on telling it.)
        if hasChosenPort, placeholder != nil {
          try sockets[0].socket.bind(endpoint)
          hasChosenPort = false
        }
        for element in sockets {
          try element.socket.takeAll()
          if kind == .tcp { try listenAgain(element.socket, defersAccept: defersAccept) }
        }
      }
    } catch {
      // All or none: workers poll none of them before it is tried again.
      if state == .suspended { stopListening() }
      throw StartFailure("\(realURI) cannot be resumed: \(error)")
    }
    state = .open
    placeholder = nil
  }

  private func listenAgain(
    _ socket: borrowing NetworkSocket, defersAccept: Bool
  ) throws(SystemError) {
    try socket.setDeferAccept(seconds: defersAccept ? 1 : 0)
    try socket.listen(backlog: ListenerURI.backlog)
  }

  /// One more with this port, which does not listen.
  private func boundSocket() throws(SystemError) -> NetworkSocket {
    let socket = try NetworkSocket(kind, family: endpoint.family)
    try socket.setDualStack(isDualStack)
    try socket.setReusePort()
    try socket.bind(endpoint)
    return socket
  }
}
