// What an event of the supervisor's poller is about, as the 64 bits that the poller hands back. The
// two lowest tell a worker's channels from all else; nobody but this file knows that.

/// Whom an event is about.
enum EventSource: Equatable {
  case signals
  case controlSocket
  case plugin
  case controlClient(UInt64)
  case worker(UInt64, Worker.Channel)

  /// Serials of control clients start behind the sources that there is one of.
  private static let firstClient: UInt64 = 8

  init?(token: UInt64) {
    let number = token >> 2
    if let channel = Worker.Channel(rawValue: token & 3) {
      self = .worker(number, channel)
    } else if number >= Self.firstClient {
      self = .controlClient(number - Self.firstClient)
    } else {
      switch number {
      case 0: self = .signals
      case 1: self = .controlSocket
      case 2: self = .plugin
      default: return nil
      }
    }
  }

  var token: UInt64 {
    switch self {
    case .signals: 0
    case .controlSocket: 1 << 2
    case .plugin: 2 << 2
    case .controlClient(let serial): (serial + Self.firstClient) << 2
    case .worker(let serial, let channel): serial << 2 | channel.rawValue
    }
  }
}
