// Where the host listens: IPv4, IPv6, and both on one socket with IPv4 clients shown as such.

import Foundation
import Harness
import Testing

@Suite(.serialized, .realProcesses, .timeLimit(.minutes(3)))
struct AddressTests {
  private static let hasIPv6 = FileManager.default.fileExists(atPath: "/proc/net/if_inet6")

  private func describe(_ host: String, _ portico: Portico) throws -> (String, UInt16) {
    let client = try Client(port: portico.port, host: host)
    let port = client.localPort
    try client.send("x")
    return (try client.receiveToEnd().text, port)
  }

  @Test(.enabled("IPv6 is off here") { AddressTests.hasIPv6 })
  func `A listener on an IPv6 address`() throws {
    let portico = try Portico(
      ["--plugin", Fixture.c("describes").path], listen: ["tcp://[::1]:0"])
    let (text, port) = try describe("::1", portico)
    #expect(text.contains(" peer=[::1]:\(port) "))
    #expect(text.contains(" local=[::1]:\(portico.port) "))
    #expect(text.contains(" listener=tcp://[::1]:\(portico.port) "))
  }

  @Test(.enabled("IPv6 is off here") { AddressTests.hasIPv6 })
  func `A star is one socket for both, and an IPv4 client is shown as one`() throws {
    let portico = try Portico(["--plugin", Fixture.c("describes").path], listen: ["tcp://*:0"])
    try portico.waitForLog(containing: "listening on tcp://[::]:\(portico.port) (IPv4 too)")
    let (four, fourPort) = try describe("127.0.0.1", portico)
    #expect(four.contains(" peer=127.0.0.1:\(fourPort) "))
    #expect(four.contains(" local=127.0.0.1:\(portico.port) "))
    let (six, sixPort) = try describe("::1", portico)
    #expect(six.contains(" peer=[::1]:\(sixPort) "))
  }

  @Test(.enabled("IPv6 is on here") { !AddressTests.hasIPv6 })
  func `A star is IPv4 alone where IPv6 is off`() throws {
    let portico = try Portico(["--plugin", Fixture.c("describes").path], listen: ["tcp://*:0"])
    try portico.waitForLog(containing: "listening on tcp://0.0.0.0:\(portico.port)")
    #expect(try describe("127.0.0.1", portico).0.contains(" peer=127.0.0.1:"))
  }

  @Test func `A host name is resolved`() throws {
    let portico = try Portico(listen: ["tcp://localhost:0"])
    let host = portico.log.contains { $0.raw.contains("tcp://[::1]:") } ? "::1" : "127.0.0.1"
    let client = try Client(port: portico.port, host: host)
    try client.send("x")
    #expect(try client.receiveToEnd() == .init("thank you !", .orderly))
  }
}
