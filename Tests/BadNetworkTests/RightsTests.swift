// What a machine may refuse, and what is said then.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .realProcesses, .timeLimit(.minutes(3)))
struct RightsTests {
  /// Runs a script that may hide things, with the program as $PROGRAM.
  private func run(_ script: String) throws -> Finished {
    try Namespace.run(
      "mount --bind \"$FOLDER\" /mnt; cd /; PROGRAM=/mnt/bad-network; \(script)",
      ["FOLDER": Paths.build.path])
  }

  private func expectRefusal(_ run: Finished, _ words: String...) {
    #expect(run.exit == .status(69), "\(run.error)")
    #expect(run.error.hasPrefix("bad-network: ") && run.error.split(separator: "\n").count == 1)
    for word in words { #expect(run.error.contains(word), "\(run.error)") }
  }

  private let hello = "-- sleep 60 -- echo hello"

  @Test func `A user namespace is enough`() throws {
    let run = try LinkRun(
      LinkRun.ready + ["--user-namespace", "--drop", "20%"],
      server: LinkRun.python(LinkRun.takingStreams),
      client: LinkRun.python(LinkRun.sendingStream, "20000"))
    #expect(run.finished.exit == .status(0), "\(run.finished.error)")
    #expect(run.lines == ["same 64"])
  }

  @Test func `So it is for a user without any rights, where the device is for all`() throws {
    let run = try run(
      """
      mount -t tmpfs none /dev/net; mknod -m 666 /dev/net/tun c 10 200
      setpriv --reuid 65534 --regid 65534 --clear-groups $PROGRAM --ready-fd 3 \\
        -- sh -c 'echo >&3; exec sleep 60' -- id -u
      """)
    #expect(run.exit == .status(0), "\(run.error)")
    #expect(run.output == "0\n")
  }

  @Test func `Without the device it says how to get one`() throws {
    expectRefusal(
      try run("mount -t tmpfs none /dev/net; $PROGRAM \(hello)"), "no /dev/net/tun",
      "modprobe tun", "--device /dev/net/tun")
  }

  @Test func `A device that is for others is told from none`() throws {
    expectRefusal(
      try run(
        """
        mount -t tmpfs none /dev/net; mknod -m 600 /dev/net/tun c 10 200
        setpriv --reuid 65534 --regid 65534 --clear-groups $PROGRAM \(hello)
        """), "not for this user", "as root")
  }

  @Test func `A limit of no user namespaces is named`() throws {
    expectRefusal(
      try run(
        """
        unshare -r bash -euc 'echo 0 > /proc/sys/user/max_user_namespaces
        exec "$0" --user-namespace \(hello)' $PROGRAM
        """), "user.max_user_namespaces")
  }

  @Test func `A limit of no network namespaces is named`() throws {
    expectRefusal(
      try run(
        """
        unshare -r bash -euc 'echo 0 > /proc/sys/user/max_net_namespaces
        exec "$0" \(hello)' $PROGRAM
        """), "user.max_net_namespaces")
  }
}
