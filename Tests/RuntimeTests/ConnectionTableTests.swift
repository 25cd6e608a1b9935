// Rows, generations, and the list of rows to look at.

internal import CKernel
internal import Testing

@testable import Runtime

@Suite(.timeLimit(.minutes(3)))
struct ConnectionTableTests {
  @Test func `A token finds its client while it lives and nobody afterwards`() throws {
    var random = SplitMix64(for: "ConnectionTable model")
    var table = try ConnectionTable(capacity: 20)
    var live: [Int: (token: Token, id: UInt64)] = [:]
    var stale: [Token] = []
    var id: UInt64 = 0
    for _ in 0..<5000 {
      if random.below(2) == 0, !table.isFull {
        id += 1
        let row = table.insert(fd: Int32(3 + random.below(100)), id: id)
        try #require(row >= 0 && row < 20)
        try #require(live[row] == nil, "row \(row) was given twice")
        live[row] = (table.token(row), id)
      } else if let row = live.keys.randomElement(using: &random) {
        stale.append(live[row]!.token)
        live[row] = nil
        table.remove(row)
        let isLive = table.isLive(row)
        try #require(!isLive)
      }
      let count = table.count
      try #require(count == live.count)
      let isFull = table.isFull
      try #require(isFull == (live.count == 20))
      for (row, client) in live {
        let found = table.index(of: client.token)
        try #require(found == row)
        let id = table[row].id
        try #require(id == client.id)
      }
      for token in stale.suffix(200) {
        let found = table.index(of: token)
        try #require(found == nil, "a token of a client that has gone found row \(found!)")
      }
    }
    try #require(!stale.isEmpty)
  }

  @Test func `A new client finds nothing of the row's last one but its generation`() throws {
    var table = try ConnectionTable(capacity: 4)
    let row = table.insert(fd: 9, id: 1)
    table[row].marks = [.opened, .paused, .aborted]
    table[row].state = 0xDEAD
    table[row].inputCount = 7
    table[row].inputWanted = 7
    table[row].inbound = 7
    table[row].hasInboundFull = true
    table[row].handlerTimer_ms = 7
    table[row].deadline_ms = 7
    table[row].lingerLeft = 7
    table[row].request.run(held: 7, now_ms: 7)
    let generation = table[row].generation
    table.remove(row)
    let next = table.insert(fd: 10, id: 2)
    #expect(next == row)
    let client = table[next]
    #expect(client.generation == generation + 1)
    #expect(client.fd == 10 && client.id == 2)
    #expect(client.marks.isEmpty)
    #expect(client.state == 0)
    #expect(client.inputCount == 0 && client.inputWanted == 0 && client.inbound == 0)
    #expect(!client.hasInboundFull)
    #expect(client.handlerTimer_ms == 0 && client.deadline_ms == 0 && client.lingerLeft == 0)
    #expect(!client.request.isOn)
    #expect(client.slot == .none)
    #expect(client.input == .none)
    #expect(client.output.isEmpty)
  }

  @Test func `A row takes no more than its share of an idle connection's memory`() {
    #expect(MemoryLayout<Connection>.stride <= 184)
  }

  @Test func `A first client's row has none-values although its memory was zero`() throws {
    var table = try ConnectionTable(capacity: 2)
    let row = table.insert(fd: 9, id: 1)
    #expect(table[row].slot == .none)
    #expect(table[row].input == .none)
    #expect(table[row].output.isEmpty)
    #expect(table[row].peer.family == 0)
  }

  @Test func `A generation wraps inside what a token can carry`() throws {
    var table = try ConnectionTable(capacity: 1)
    let row = table.insert(fd: 9, id: 1)
    table[row].generation = Token.generationMask
    let last = table.token(row)
    let found = table.index(of: last)
    #expect(found == row)
    table.remove(row)
    _ = table.insert(fd: 9, id: 2)
    #expect(table[row].generation == 0)
    let stale = table.index(of: last)
    #expect(stale == nil)
    let fresh = table.index(of: table.token(row))
    #expect(fresh == row)
  }

  @Test func `A token carries what it was made of`() {
    var random = SplitMix64(for: "Token")
    for _ in 0..<1000 {
      let purposes = [Token.Purpose.connection, .listener, .wake, .control]
      let purpose = purposes[random.below(4)]
      let index = random.below(1 << 32)
      let generation = UInt32(truncatingIfNeeded: random.next()) & Token.generationMask
      let token = Token(purpose: purpose, index: index, generation: generation)
      let back = Token(rawValue: token.rawValue)
      #expect(back.purpose == purpose)
      #expect(back.index == index)
      #expect(back.generation == generation)
    }
  }

  @Test func `The dirty list gives each row once, in order, also when its client has gone`() throws
  {
    var random = SplitMix64(for: "DirtyList model")
    var table = try ConnectionTable(capacity: 12)
    var dirty = DirtyList()
    var model: [Int] = []
    var live: Set<Int> = []
    for _ in 0..<20_000 {
      switch random.below(6) {
      case 0 where !table.isFull:
        live.insert(table.insert(fd: 5, id: 1))
      case 1:
        // A row may be freed, and even be somebody else's, while it is on the list.
        if let row = live.randomElement(using: &random) {
          table.remove(row)
          live.remove(row)
        }
      case 2, 3:
        if let row = live.randomElement(using: &random) {
          dirty.add(row, in: &table)
          if !model.contains(row) { model.append(row) }
        }
      default:
        let taken = dirty.take(from: &table)
        try #require(taken == model.first)
        if !model.isEmpty { model.removeFirst() }
      }
      let isEmpty = dirty.isEmpty
      try #require(isEmpty == model.isEmpty)
    }
  }
}
