// The claims about waiting and about what a connection costs, and the one that the article leaves
// out: that a stream has no messages in it.

extension Judge {
  var blocking: Claim {
    claim(
      "blocking", "TCP blocks, UDP does not.", pictures: ["line", "reader"], "line-tcp",
      "line-udp", "reader-tcp", "reader-udp"
    ) { runs in
      let (lineTCP, lineUDP, tcp, udp) = (runs[0], runs[1], runs[2], runs[3])
      let head = lineTCP.headOfLine
      let pause = tcp.client.longestPause ?? (0, 0, 0)
      let (behind, longest) = (head?.waiting ?? 0, head?.delay_us ?? 0)
      let usual = lineTCP.client.delays_us.quantile(0.5) ?? 0
      let full = udp.fullBuffers
      let holds =
        behind > 1 && lineTCP.client.lost == 0 && lineUDP.client.lost == 1
        && tcp.client.blocked > 0 && tcp.client.lost == 0 && udp.client.blocked == 0
        && udp.client.lost > 0
      return (
        holds ? .tooSimple : .contradicted,
        """
        What waits is the byte behind a gap: with one segment lost, its answer took \
        \(Quantity.time(longest)) instead of \(Quantity.time(usual)), and \
        \(Quantity.counted(behind, "message", "messages")) behind it had to wait in the kernel; \
        UDP lost that one message, and nothing waited for it. And a sender \
        waits for a reader: with nobody reading, TCP took \
        \(Quantity.counted(pause.count, "message", "messages")), then nothing for \
        \(Quantity.time(pause.length_us)), and lost none; UDP never refused one and lost \
        \(Quantity.share(ratio(udp.client.lost, udp.client.sent) ?? 0)) (\(full)). Whether a call \
        blocks is up to the program: this client's sockets do on neither transport, and a blocking \
        receive would wait on both.
        """
      )
    }
  }

  var cost: Claim {
    claim(
      "cost", "So TCP costs the server more, and UDP is lightweight.",
      pictures: ["cost", "idle"], "cost-connection-tcp", "cost-open-tcp", "cost-udp",
      "calls-connection-tcp", "calls-open-tcp", "calls-udp", "idle-tcp", "idle-udp"
    ) { runs in
      let packets = runs[0...2].map(\.packetsEach)
      let calls = runs[3...5].map(\.callsEach)
      let cpu = runs[0...2].map { "\(Quantity.number($0.workerCPUEach))\(Quantity.space)µs" }
      let idle = runs[6...7].map { Quantity.memory($0.growth(\.private_B, for: $0.messageCount)) }
      let holds = packets[0] > packets[2] && calls[0] > calls[2]
      // What is counted decides, not what is timed: CPU differs from run to run.
      let isEven = packets[1] <= packets[2] * 1.1 && calls[1] <= calls[2] * 1.1
      return (
        !holds ? .contradicted : isEven ? .tooSimple : .caveat,
        """
        A connection for each request costs \(Quantity.number(packets[0])) packets, \
        \(Quantity.number(calls[0])) system calls and \(cpu[0]) of the worker, a datagram \
        \(Quantity.number(packets[2])), \(Quantity.number(calls[2])) and \(cpu[2]). Kept open, a \
        connection costs \(Quantity.number(packets[1])), \(Quantity.number(calls[1])) and \
        \(cpu[1]): what is dear is connecting. Memory of the worker for \
        an idle connection: \(idle[0]); for an idle peer over UDP: \(idle[1]). The kernel's own \
        share is in the picture.
        """
      )
    }
  }

  var boundaries: Claim {
    claim(
      "boundaries", "(Not in the article: both carry messages.)", pictures: ["reads"],
      "reads-10-tcp", "reads-4-tcp", "reads-1-tcp", "reads-1-lossy-tcp", "reads-10-udp",
      "reads-4-udp", "reads-1-udp"
    ) { runs in
      let calls = runs.map(\.serverCount.calls)
      // Usually 1, 3 and 10; a machine that is busy may bring two of them in one read.
      let holds = calls[0] == 1 && calls[0] < calls[1] && calls[1] < calls[2] && calls[3] < 10
      let areTen = calls[4...6].allSatisfy { $0 == 10 }
      return (
        holds && areTen ? .tooSimple : .contradicted,
        """
        TCP carries bytes, and keeps no boundaries between messages: the same ten messages came in \
        \(calls[0]), \(calls[1]) or \(calls[2]) reads, as they happened to be written, and when \
        the first was lost on the way, the ten writes came in \(calls[3]). Over UDP they were \
        \(calls[4]), \(calls[5]) and \(calls[6]) datagrams. A handler for TCP needs framing.
        """
      )
    }
  }
}
