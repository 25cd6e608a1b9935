// A value as JSON, in one line. Pure; whatever a text holds, what comes out is valid JSON and safe
// on a terminal. Keys keep the order they are written in.

/// What a status consists of.
package enum JSONValue: Equatable, Sendable, CustomStringConvertible {
  case null
  case number(UInt64)
  case flag(Bool)
  case text(String)
  case list([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONValue
  }

  package static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  package static func optional(_ number: UInt64?) -> JSONValue { number.map(Self.number) ?? .null }

  package static func optional(_ text: String?) -> JSONValue { text.map(Self.text) ?? .null }

  package var description: String {
    switch self {
    case .null: "null"
    case .number(let number): String(number)
    case .flag(let flag): flag ? "true" : "false"
    case .text(let text): text.asJSON
    case .list(let values): "[\(values.map(\.description).joined(separator: ","))]"
    case .object(let members):
      "{\(members.map { "\($0.key.asJSON):\($0.value)" }.joined(separator: ","))}"
    }
  }
}
