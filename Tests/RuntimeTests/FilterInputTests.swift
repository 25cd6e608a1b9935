// What filters do to the bytes that a client sends, to clients that come, and to datagrams.

internal import CKernel
internal import Control
internal import Glibc
internal import Kernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct FilterInputTests {
  @Test func `A client that sends too fast is not read until there is some of the rate`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 1000))
    let row = host.connect()
    let first = host.receive(row, [UInt8](repeating: 1, count: 500))
    #expect(first.map(\.result) == [100], "a tenth of a second's worth")
    #expect(!host.kernel.reading.contains(row))
    host.turn(at: 1009)
    #expect(!host.kernel.reading.contains(row))
    host.turn(at: 1010)
    #expect(host.kernel.reading.contains(row))
    host.deliver(.received, host.token(row), 500)
    #expect(host.turn().map(\.result) == [10])
  }

  @Test func `What the loop does not want to read is not read when the rate allows it`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 1000))
    let row = host.connect()
    _ = host.receive(row, [UInt8](repeating: 1, count: 500))
    host.io.disarmReceive(host.fd(row), host.token(row))
    host.turn(at: 2000)
    #expect(!host.kernel.reading.contains(row))
    host.io.armReceive(host.fd(row), host.token(row), .whenReady)
    #expect(host.kernel.reading.contains(row))
  }

  @Test func `After the server's end input has no rate`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 1000))
    let row = host.connect()
    _ = host.receive(row, [UInt8](repeating: 1, count: 200))
    #expect(host.mayEnd(row))
    host.io.armReceive(host.fd(row), host.token(row), .whenReady)
    #expect(host.kernel.reading.contains(row), "the end of the client must be seen")
    host.kernel.input = []
    #expect(host.receive(row, [UInt8](repeating: 1, count: 5000)).map(\.result) == [5000])
    #expect(host.kernel.reading.contains(row))
  }

  @Test func `A piece that is dropped on its way in cuts the connection`() throws {
    let host = try FilterHost(.drop(.certain))
    let row = host.connect()
    #expect(host.receive(row, [1]).map(\.result) == [-Int(ECONNRESET)])
    host.close(row)
    #expect(host.kernel.closed.map(\.isReset) == [true])
    // An end is no piece, and neither is what comes behind the server's end.
    let other = host.connect()
    host.deliver(.received, host.token(other), 0)
    #expect(host.turn().map(\.result) == [0])
    #expect(host.mayEnd(other))
    #expect(host.receive(other, [1]).map(\.result) == [1])
  }

  @Test func `Clients that are refused are reset, and the loop does not hear of them`() throws {
    let host = try FilterHost(.refuse(Probability(billionths: 500_000_000)), seed: 3)
    let listener = Token(purpose: .listener, index: 0)
    for fd in 100..<300 { host.deliver(.accepted, listener, fd) }
    host.deliver(.accepted, listener, -Int(EMFILE))
    let heard = host.turn().map(\.result)
    #expect(heard.last == -Int(EMFILE), "a failure to accept is not a client")
    let refused = host.kernel.turnedAway.map { Int($0.fd) }
    #expect((60...140).contains(refused.count))
    #expect(host.kernel.turnedAway.map(\.isReset) == refused.map { _ in true })
    #expect((refused + heard.dropLast()).sorted() == Array(100..<300))
  }

  // MARK: Datagrams

  @Test func `Datagrams leave when their delay is over, whole and in order`() throws {
    let host = try FilterHost(.delay(10...60))
    for number in 0..<50 {
      let taken = host.send([[UInt8(number)], []])
      #expect(taken == 2)
      host.kernel.now_ms += 2
      host.turn()
    }
    #expect(host.isHolding)
    host.run()
    #expect(!host.isHolding)
    let sent = host.kernel.datagrams
    #expect(sent.map(\.bytes) == (0..<50).flatMap { [[UInt8($0)], []] })
    for (place, datagram) in sent.enumerated() {
      #expect(datagram.at_ms >= 1000 + UInt64(place / 2) * 2 + 10)
      #expect(datagram.port == 5)
    }
  }

  @Test func `A full queue loses datagrams and says so`() throws {
    let host = try FilterHost(.delay(50...50))
    let many = [[UInt8]](repeating: [1], count: 1000)
    var taken = 0
    for _ in 0..<5 { taken += max(0, host.send(many)) }
    #expect(taken == HeldDatagrams.capacity)
    let result = host.send(many)
    #expect(result == -Int(ENOBUFS))
    let large = try FilterHost(.delay(50...50))
    let megabyte = [[UInt8]](repeating: [UInt8](repeating: 0, count: 60_000), count: 17)
    var count = 0
    for _ in 0..<5 { count += max(0, large.send(megabyte)) }
    #expect(count == HeldDatagrams.byteCapacity / 60_000)
    large.run()
    #expect(large.kernel.datagrams.count == count)
    #expect(large.send(megabyte) == 17, "there is room again")
  }

  @Test func `Datagrams that the kernel does not take are counted`() throws {
    let host = try FilterHost(.delay(5...5))
    host.kernel.datagramResult = -Int(ENOBUFS)
    #expect(host.send([[1], [2]]) == 2)
    host.run()
    #expect(host.core.core.value.page.value.datagram_errors == 2)
  }

  @Test func `Datagrams keep a rate, the largest too`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 10_000))
    let large = [UInt8](repeating: 0, count: 5000)
    #expect(host.send([[1], large, large, [2]]) == 4)
    host.run()
    let sent = host.kernel.datagrams
    #expect(sent.map(\.bytes.count) == [1, 5000, 5000, 1])
    #expect(sent[0].at_ms == 1000, "the first goes at once")
    #expect(sent[1].at_ms >= 1400)
    #expect(sent[2].at_ms >= 1900)
    #expect(sent[3].at_ms < 1950)
  }

  @Test func `Datagrams are lost each way as often as was asked for`() throws {
    let host = try FilterHost(.drop(Probability(billionths: 250_000_000)), seed: 5)
    #expect(host.send(Array(repeating: [1], count: 1000)) == 1000)
    #expect((700...800).contains(host.kernel.datagrams.count))
    host.kernel.input = [1, 2]
    for _ in 0..<1000 { host.deliver(.datagram, Token(purpose: .datagrams, index: 0)) }
    let heard = host.turn()
    #expect((700...800).contains(heard.count))
    #expect(heard.allSatisfy { $0.kind == .datagram && $0.result == 2 })
  }

  @Test func `One bit of an answer is another one`() throws {
    let host = try FilterHost(.corrupt(.certain))
    #expect(host.send([[0, 0, 0], []]) == 2)
    #expect(host.kernel.datagrams.map(\.bytes.count) == [3, 0])
    #expect(host.kernel.datagrams[0].bytes.reduce(0) { $0 + $1.nonzeroBitCount } == 1)
  }

  @Test func `A socket whose datagrams come too fast is read again later`() throws {
    let host = try FilterHost(.rate(bytesPerSecond: 1000))
    let token = Token(purpose: .datagrams, index: 0)
    try host.io.armDatagrams(9, token)
    host.kernel.input = [UInt8](repeating: 0, count: 600)
    host.deliver(.datagram, token)
    #expect(host.turn().map(\.result) == [600], "what has come is delivered")
    #expect(!host.kernel.readsDatagrams)
    host.turn(at: 1490)
    #expect(!host.kernel.readsDatagrams)
    host.turn(at: 1510)
    #expect(host.kernel.readsDatagrams)
    // One that is disarmed for good meanwhile stays so.
    host.deliver(.datagram, token)
    host.turn()
    host.io.disarmDatagrams(9, token)
    host.turn(at: 5000)
    #expect(!host.kernel.readsDatagrams)
  }
}
