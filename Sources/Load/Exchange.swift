// A request and the reply that it is to get. Pure.

/// What is sent once, and what has to come back.
package struct Exchange: Equatable, Sendable {
  /// How a reply is known to be whole and right.
  package enum Reply: Equatable, Sendable {
    /// Exactly these bytes.
    case bytes([UInt8])
    /// So many bytes, whatever they are.
    case size(Int)
    /// Whatever comes: one datagram, or everything up to the end of the connection.
    case anything
  }

  package var request: [UInt8]
  package var reply: Reply

  package init(request: [UInt8], reply: Reply) {
    self.request = request
    self.reply = reply
  }

  /// Of the reply; nil when anything will do.
  var replyByteCount: Int? {
    switch reply {
    case .bytes(let bytes): bytes.count
    case .size(let count): count
    case .anything: nil
    }
  }
}
