// The options of `portico run` for UDP, where anybody can send in anybody's name: what keeps a host
// from being used against others.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct DatagramOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Most bytes that answer a datagram, as a multiple of its own; 1472 are always allowed. \
        (default: \(defaults.udpAmplification))
        """, valueName: "k|none"),
      transform: Words.amplification)
    var udpAmplification = defaults.udpAmplification

    @Option(
      help: ArgumentHelp(
        """
        Most replies a second to each source, which is an address and a port, and ten seconds' \
        worth at once; further datagrams of that source are dropped, unseen by the plugin, until \
        a second's worth is left again. For load tests from few ports: none. \
        (default: \(defaults.udpRate))
        """, valueName: "n|none"),
      transform: Words.datagramRate)
    var udpRate = defaults.udpRate

    @Option(
      help: ArgumentHelp(
        """
        Ports that are never answered, with commas between them, since their owners could answer \
        back for ever; 'own' stands for those of the host's own UDP listeners. The plugin gets \
        their datagrams all the same. \
        (default: \(defaults.udpMute))
        """, valueName: "ports|none"),
      transform: Words.mutedPorts)
    var udpMute = defaults.udpMute

    func fill(_ options: inout RunOptions) {
      options.udpAmplification = udpAmplification
      options.udpRate = udpRate
      options.udpMute = udpMute
    }
  }

#endif
