// The program under test, and the small servers and clients that it runs. They are in Python, so
// that nothing of Portico is on both sides of what is judged.

import BadNetwork
import Foundation
import Harness

/// A run of `bad-network`.
struct LinkRun {
  let finished: Finished
  let report: NetworkReport
  let packets: [PacketRecord]
  let capture: URL

  static let program = Paths.build.appending(path: "bad-network")

  /// The words of a command line for a Python script.
  static func python(_ script: String, _ arguments: String...) -> [String] {
    ["python3", "-c", script] + arguments
  }

  /// Runs to the end, with every file written and read back.
  init(
    _ options: [String], server: [String], client: [String], within limit: Duration = .seconds(60)
  ) throws {
    let folder = try Paths.newFolder()
    capture = folder.appending(path: "run.pcap")
    let list = folder.appending(path: "run.tsv")
    let account = folder.appending(path: "run.json")
    finished = try Finished(
      Self.program,
      options + [
        "--pcap", capture.path, "--packets", list.path, "--report", account.path, "--",
      ] + server + ["--"] + client, within: limit)
    guard let data = FileManager.default.contents(atPath: account.path), !data.isEmpty else {
      throw Failure("bad-network wrote no report, \(finished.exit): \(finished.error)")
    }
    report = try JSONDecoder().decode(NetworkReport.self, from: data)
    packets = try PacketList.read(list.path)
  }

  /// What the client printed, by line.
  var lines: [String] { finished.output.split(separator: "\n").map(String.init) }

  /// Where a packet went and what it is called, of those with that treatment.
  func names(_ treatment: PacketRecord.Treatment) -> [String] {
    packets.filter { $0.treatments.contains(treatment) }
      .map { "\($0.direction.rawValue) \($0.name)" }.sorted()
  }

  /// Sends each datagram back. With an argument: without a checksum.
  static let echoingDatagrams = """
    import os, socket, sys
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if len(sys.argv) > 1: s.setsockopt(socket.SOL_SOCKET, 11, 1)
    s.bind(("10.77.0.1", 7000))
    os.write(5, b"ready\\n")
    while True:
        data, peer = s.recvfrom(65536)
        s.sendto(data, peer)
    """

  /// Sends so many numbered datagrams, two milliseconds apart, and prints the answers as they come.
  /// With a second argument: without a checksum.
  static let countingDatagrams = """
    import select, socket, sys, time
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if len(sys.argv) > 2: s.setsockopt(socket.SOL_SOCKET, 11, 1)
    s.connect(("10.77.0.1", 7000))
    def hear(until):
        while True:
            rest = until - time.monotonic()
            if rest <= 0 or not select.select([s], [], [], rest)[0]: return
            print(s.recv(65536).decode("latin-1"))
    start = time.monotonic()
    for i in range(int(sys.argv[1])):
        s.send(b"%08d abcdefghijklmnopqrstuvwxyz" % i)
        hear(start + (i + 1) * 0.002)
    hear(time.monotonic() + 0.5)
    """

  /// Answers a stream with its digest, or with the stream itself where there is an argument.
  static let takingStreams = """
    import hashlib, os, socket, sys
    s = socket.create_server(("10.77.0.1", 7000))
    os.write(5, b"ready\\n")
    while True:
        c, _ = s.accept()
        digest = hashlib.sha256()
        while True:
            data = c.recv(65536)
            if not data: break
            digest.update(data)
            if len(sys.argv) > 1: c.sendall(data)
        if len(sys.argv) == 1: c.sendall(digest.hexdigest().encode())
        c.close()
    """

  /// Sends so many bytes, in parts, and prints whether the digest that comes back is that of what
  /// was sent.
  static let sendingStream = """
    import hashlib, socket, sys
    data = b"".join(b"%07d " % i for i in range(int(sys.argv[1]) // 8))
    c = socket.create_connection(("10.77.0.1", 7000))
    c.sendall(data)
    c.shutdown(socket.SHUT_WR)
    answer = b""
    while True:
        part = c.recv(65536)
        if not part: break
        answer += part
    same = answer == data or answer.decode("latin-1") == hashlib.sha256(data).hexdigest()
    print("same" if same else "different", len(answer))
    """

  /// Options for a server that tells when it is ready.
  static let ready = ["--ready-fd", "5"]
}
