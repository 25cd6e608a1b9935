// What the host says to a reply or a call.

public import CPortico

/// What became of a reply.
@frozen
public enum Sent: Equatable, Sendable {
  /// Taken; so many bytes now wait in the host for this client.
  case waiting(byteCount: Int)
  /// The connection is closed or finished, or the datagram's call is over. Harmless.
  case gone
  /// This client does not read: nothing was queued. Go on in `writable(_:)`; a stream whose handler
  /// does not have that is aborted, since a hole in it would be worse. For a datagram: its sender,
  /// who may be forged, is not worth so many bytes.
  case full
  /// Not allowed here: for example a reply of a handler that promised `.inline`, outside its call.
  case misuse
  /// This one reply could never fit.
  case tooBig

  @inlinable
  package init(code: Int64) {
    switch code {
    case 0...: self = .waiting(byteCount: Int(code))
    case Int64(PORTICO_FULL): self = .full
    case Int64(PORTICO_MISUSE): self = .misuse
    case Int64(PORTICO_TOO_BIG): self = .tooBig
    default: self = .gone
    }
  }

  /// Was it taken?
  public var isTaken: Bool {
    if case .waiting = self { true } else { false }
  }
}

/// Why the host did not do what it was asked for.
public enum CallError: Error, Equatable, CustomStringConvertible {
  /// The connection has gone.
  case gone
  /// Not for a datagram.
  case misuse
  /// More than the host's `--max-frame`, or than the handler's own `maxFrame`.
  case tooBig

  /// A line for the log.
  public var description: String {
    switch self {
    case .gone: "the connection has gone"
    case .misuse: "not allowed for a datagram"
    case .tooBig: "the request would be longer than max_frame"
    }
  }

  @usableFromInline
  static func check(_ code: Int32) throws(CallError) {
    switch code {
    case 0...: return
    case PORTICO_MISUSE: throw .misuse
    case PORTICO_TOO_BIG: throw .tooBig
    default: throw .gone
    }
  }
}
