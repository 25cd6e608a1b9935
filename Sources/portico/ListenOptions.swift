// The options that say where a host listens, and who serves there.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct ListenOptions: ParsableArguments {
    private static let defaults = RunOptions()

    @Option(
      help: ArgumentHelp(
        """
        Where to listen, repeated for several: tcp://HOST:PORT or udp://HOST:PORT, where * or no \
        host is every address and port 0 picks one; unix:PATH, with ?mode=0660 behind it for the \
        file's mode (otherwise what the umask leaves); systemd:NAME for the sockets of that name \
        that systemd passes. (default: all that systemd passes, or else \(defaults.listeners[0]))
        """,
        valueName: "uri"), transform: Words.listener)
    var listen: [ListenerURI] = []

    @Option(
      help: ArgumentHelp(
        """
        Worker processes. (default: one for each core if the plugin promises SHARDED, as far as \
        the control group gives time for them, otherwise 1)
        """,
        valueName: "n"), transform: Words.workerCount)
    var workers: Int?

    @Option(
      help: ArgumentHelp(
        """
        Run workers, and so the plugin, as this user; the supervisor stays root. (default: what \
        Portico was started as)
        """, valueName: "name|uid"))
    var user: String?

    @Option(
      help: ArgumentHelp(
        """
        Run workers with this group. (default: the first group of --user)
        """, valueName: "name|gid"))
    var group: String?

    @Option(
      help: ArgumentHelp(
        """
        Folder of this host alone for portico.pid and the control socket, made with mode 0700 if \
        missing; none writes nothing and cannot be controlled. (default: PORTICO_RUN_DIR, or \
        /run/portico for root and portico in XDG_RUNTIME_DIR otherwise, shared by the hosts of a \
        user)
        """,
        valueName: "dir|none"),
      completion: .directory)
    var runDir: String?

    func validate() throws {
      for (index, uri) in listen.enumerated() where listen[..<index].contains(where: uri.collides) {
        throw ValidationError("--listen \(uri.description.escapedForTerminal) is given twice")
      }
    }

    func fill(_ options: inout RunOptions) {
      if !listen.isEmpty {
        options.listeners = listen
        options.hasListenOption = true
      }
      options.workerCount = workers
      options.user = user
      options.group = group
      options.runFolder = RunFolderRequest(option: runDir)
    }
  }

#endif
