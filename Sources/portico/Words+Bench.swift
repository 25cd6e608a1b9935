// Words of `portico bench` to values.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  extension Words {
    @Sendable static func messageSize(_ word: String) throws -> ByteCount {
      try validated { () throws(InvalidWord) in try ByteCount(parsing: word, in: 0...(64 << 20)) }
    }

    @Sendable static func benchConnections(_ word: String) throws -> Int {
      try number(word, of: "connections", upTo: 1_000_000)
    }

    @Sendable static func pipeline(_ word: String) throws -> Int {
      try number(word, of: "requests", upTo: 65536)
    }

    @Sendable static func rate(_ word: String) throws -> Int {
      try number(word, of: "requests a second", upTo: 1_000_000_000)
    }

    @Sendable static func requestCount(_ word: String) throws -> Int {
      try number(word, of: "requests", upTo: 1_000_000_000_000)
    }

    @Sendable static func threadCount(_ word: String) throws -> Int {
      try number(word, of: "threads", upTo: 1024)
    }

    private static func number(
      _ word: String, of what: String, upTo limit: Int
    ) throws(ValidationError) -> Int {
      guard let count = Int(unsignedDigits: word), (1...limit).contains(count) else {
        throw ValidationError("write a number of \(what) from 1 to \(limit)")
      }
      return count
    }
  }

#endif
