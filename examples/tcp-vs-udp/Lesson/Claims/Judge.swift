// Judges what the article says by what was measured. Each claim has one property here, which takes
// its runs, decides, and says with their figures why. Nothing is decided beforehand: where the
// figures are not what the sentence says, the verdict is that they contradict it.

internal import BadNetwork

/// Judges the article's claims.
public struct Judge: Sendable {
  let results: Results

  /// Judges by these results.
  public init(_ results: Results) { self.results = results }

  /// All claims, in the article's order.
  public var claims: [Claim] {
    [handshake, order, loss, duplicates, errors, blocking, cost, boundaries]
  }

  /// What is said about two runs.
  typealias Finding = (verdict: Claim.Verdict, finding: String)

  /// The claim, judged by `body` if the runs are there.
  func claim(
    _ id: String, _ text: String, pictures: [String], _ runs: String...,
    judged body: ([Run]) -> Finding
  ) -> Claim {
    let found = runs.compactMap { results.run($0) }
    guard found.count == runs.count else {
      let missing = runs.filter { results.run($0) == nil }.joined(separator: ", ")
      return Claim(
        id: id, claim: text, verdict: .notShown, finding: "These runs are missing: \(missing).",
        pictures: [])
    }
    let (verdict, finding) = body(found)
    return Claim(id: id, claim: text, verdict: verdict, finding: finding, pictures: pictures)
  }

  private var handshake: Claim {
    claim(
      "handshake", "TCP is connection-oriented and needs a handshake, UDP does not.",
      pictures: ["exchange-tcp", "exchange-udp"], "exchange-tcp", "exchange-udp"
    ) { runs in
      let (tcp, udp) = (runs[0], runs[1])
      let before = tcp.flagsBeforeData
      let holds = before == ["SYN", "SYN,ACK"] && udp.packets.first?.payloadCount != 0
      let names = before.map { $0.replacing(",", with: " + ") }.joined(separator: " and ")
      return (
        holds && tcp.client.connect_us != nil ? .held : .contradicted,
        """
        \(Quantity.counted(before.count, "packet", "packets")), \(names), crossed the link and \
        \(Quantity.time(tcp.client.connect_us ?? 0)) passed, one round trip, before the first byte \
        of a TCP client could leave. The first packet of the UDP client was its first message.
        """
      )
    }
  }

  private var order: Claim {
    claim(
      "order", "TCP keeps order, UDP does not.", pictures: ["order", "matrix"], "held-20-tcp",
      "held-20-udp"
    ) { runs in
      let (tcp, udp) = (runs[0], runs[1])
      let (overtaken, udpLate) = (tcp.overtakenCount, udp.serverCount.late)
      let segments = Quantity.counted(overtaken, "segment", "segments")
      let queued = tcp.network.serverKernel["TcpExt.TCPOFOQueue"] ?? 0
      let holds =
        overtaken > 0 && tcp.serverCount.late == 0 && tcp.client.late == 0
        && tcp.client.lost == 0 && udpLate > 0
      return (
        holds ? .held : .contradicted,
        """
        On their way to the server \(segments) with messages of TCP's were overtaken, and the \
        plugin saw all \(tcp.client.sent) messages in order: the kernel put what had come early \
        (\(queued) segments) aside until the ones before it were there. Of UDP's \
        \(udp.client.sent) messages, \(udpLate) came behind a later one.
        """
      )
    }
  }

  private var loss: Claim {
    claim(
      "loss", "TCP resends lost packets, UDP does not.",
      pictures: ["loss", "time", "delays", "matrix"], "loss-10-tcp", "loss-10-udp",
      "loss-10-udp-resend"
    ) { runs in
      let (tcp, udp, resending) = (runs[0], runs[1], runs[2])
      // There and back, each way one in ten.
      let expected = Double(udp.client.sent) * 0.19
      let isAsExpected = (expected * 0.4...expected * 1.9).contains(Double(udp.client.lost))
      let holds = tcp.network.dropped > 0 && tcp.client.lost == 0 && isAsExpected
      let isMended = resending.client.lost == 0 && resending.client.extraSends > 0
      let share = Quantity.share(ratio(udp.client.lost, udp.client.sent) ?? 0)
      let mended =
        isMended
        ? "all \(resending.client.sent) too, with \(resending.client.extraSends) datagrams more"
        : "\(resending.client.answered) of \(resending.client.sent)"
      return (
        !holds ? .contradicted : isMended ? .caveat : .held,
        """
        With one packet in ten lost, TCP got all \(tcp.client.answered) answers although \
        \(tcp.network.dropped) of its packets were dropped; the slowest took \
        \(Quantity.time(tcp.client.delays_us.last ?? 0)), the fastest \
        \(Quantity.time(tcp.client.delays_us.first ?? 0)). UDP lost \(udp.client.lost) of \
        \(udp.client.sent) there or back (\(share)). The caveat: a program may resend by itself, \
        and the one here, with a timer for each message, got \(mended).
        """
      )
    }
  }

  private var duplicates: Claim {
    claim(
      "duplicates", "TCP discards duplicates, UDP does not.", pictures: ["matrix"],
      "repeat-10-tcp", "repeat-10-udp"
    ) { runs in
      let (tcp, udp) = (runs[0], runs[1])
      let (tcpTwice, udpTwice) = (tcp.deliveredTwiceCount, udp.deliveredTwiceCount)
      let holds =
        tcpTwice > 0 && tcp.serverCount.repeated == 0 && tcp.client.repeated == 0
        && udpTwice > 0 && udp.serverCount.repeated == udpTwice
      let segments = Quantity.counted(tcpTwice, "segment", "segments")
      let datagrams = Quantity.counted(udpTwice, "datagram", "datagrams")
      return (
        holds ? .held : .contradicted,
        """
        The link delivered \(segments) with messages to the server twice, and the plugin saw none \
        of these messages twice. It delivered \(datagrams) twice, and the plugin saw \
        \(udp.serverCount.repeated) messages again, and answered them again.
        """
      )
    }
  }

  private var errors: Claim {
    claim(
      "errors", "TCP's delivery is free of errors, UDP does not care.",
      pictures: ["damage", "matrix"], "damage-tcp", "damage-udp", "damage-udp-unchecked",
      "damage-swap-tcp", "damage-swap-udp"
    ) { runs in
      let (tcp, udp, unchecked) = (runs[0], runs[1], runs[2])
      let swapped = runs[3...4].map(\.serverCount.damaged)
      let udpDiscarded = udp.network.serverKernel["Udp.InCsumErrors"] ?? 0
      let isCaught =
        tcp.serverCount.damaged == 0 && tcp.client.lost == 0 && udp.serverCount.damaged == 0
        && udpDiscarded > 0
      let isMissed = unchecked.serverCount.damaged > 0 && swapped.allSatisfy { $0 > 0 }
      return (
        isCaught && isMissed ? .tooSimple : .contradicted,
        """
        UDP has a checksum too: of \(udp.network.toServer.corrupted) datagrams with a bit turned, \
        the kernel discarded \(udpDiscarded), and none reached the plugin. With that checksum \
        switched off, \(unchecked.serverCount.damaged) arrived damaged. TCP resent what its own \
        checksum caught, but both are the same sum of 16 bits, which does not see that two words \
        have changed places: so \(swapped[0]) messages reached the plugin damaged over TCP, and \
        \(swapped[1]) over UDP. Who must be sure adds a check of their own.
        """
      )
    }
  }
}
