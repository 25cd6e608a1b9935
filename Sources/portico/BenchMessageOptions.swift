// The options of `portico bench` that say what is sent, and how a right reply is known.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Load
  internal import Supervisor
  internal import Transcript

  struct BenchMessageOptions: ParsableArguments {
    /// What the article's client says.
    private static let usual = "hello"

    @Option(
      help: ArgumentHelp(
        #"""
        The request as text, with the escapes \r \n \t \0 \e \\ \" \xHH. \#
        (default: \#(usual))
        """#, valueName: "text"), transform: Words.callData)
    var request: CallRequest?

    @Option(
      help: ArgumentHelp("A file that is the request.", valueName: "file"), completion: .file(),
      transform: Words.callFile)
    var requestFile: CallRequest?

    @Option(
      help: ArgumentHelp("A request of so many letters.", valueName: "bytes"),
      transform: Words.messageSize)
    var requestSize: ByteCount?

    @Option(
      help: ArgumentHelp(
        """
        A transcript: its client's lines are the requests and its server's lines the replies, \
        again and again on each connection.
        """, valueName: "file"), completion: .file())
    var transcript: String?

    @Option(
      help: ArgumentHelp(
        """
        Exactly this is a right reply, with the same escapes. Without one of these, a datagram \
        is right whatever it holds, and so is whatever comes up to the end with --close.
        """, valueName: "text"), transform: Words.callData)
    var expect: CallRequest?

    @Option(
      help: ArgumentHelp("A file that is the right reply.", valueName: "file"),
      completion: .file(), transform: Words.callFile)
    var expectFile: CallRequest?

    @Option(
      help: ArgumentHelp("So many bytes are a right reply.", valueName: "bytes"),
      transform: Words.messageSize)
    var expectSize: ByteCount?

    func validate() throws {
      let requests = [request != nil, requestFile != nil, requestSize != nil, transcript != nil]
      guard requests.count(where: { $0 }) <= 1 else {
        throw ValidationError(
          "give one of --request, --request-file, --request-size and --transcript")
      }
      let replies = [expect != nil, expectFile != nil, expectSize != nil, transcript != nil]
      guard replies.count(where: { $0 }) <= 1 else {
        throw ValidationError(
          "give one of --expect, --expect-file and --expect-size; a --transcript has its replies")
      }
    }

    /// What is exchanged on a connection. Reads the files.
    func exchanges(with target: LoadTarget, closes: Bool) throws(ExitCode) -> [Exchange] {
      if let transcript {
        var exchanges: [Exchange] = []
        _ = try TranscriptArgument.read(transcript) { transcript throws(TranscriptError) in
          exchanges = try Exchange.all(of: transcript, over: target, closes: closes)
        }
        return exchanges
      }
      var exchange = Exchange(request: Array(Self.usual.utf8), reply: .anything)
      try reportingFailure { () throws(StartFailure) in
        if let requestSize {
          exchange.request = [UInt8](repeating: UInt8(ascii: "x"), count: requestSize.bytes)
        } else if let request = request ?? requestFile {
          exchange.request = try request.bytes()
        }
        if let expectSize {
          exchange.reply = .size(expectSize.bytes)
        } else if let reply = expect ?? expectFile {
          exchange.reply = .bytes(try reply.bytes())
        }
      }
      return [exchange]
    }
  }

#endif
