// Promise: a host and the commands for it agree on the folder, from the option, the environment and
// the user alone.

import Supervisor
import Testing

@Suite(.timeLimit(.minutes(3))) struct RunFolderRequestTests {
  private func path(_ userID: UInt32, _ variables: [String: String]) -> String? {
    RunFolderRequest.standardPath(userID: userID) { variables[$0] }
  }

  @Test func `An option is a folder of one's own, but for the word none`() {
    #expect(RunFolderRequest(option: nil) == .standard)
    #expect(RunFolderRequest(option: "none") == .nowhere)
    #expect(RunFolderRequest(option: "./none") == .own("./none"))
    #expect(RunFolderRequest(option: "/run/x") == .own("/run/x"))
  }

  @Test func `Root has a folder, others have theirs, and a variable names another`() {
    let runtime = ["XDG_RUNTIME_DIR": "/run/user/1000"]
    #expect(path(0, [:]) == "/run/portico")
    #expect(path(0, runtime) == "/run/portico", "root may have kept somebody's variable")
    #expect(path(1000, runtime) == "/run/user/1000/portico")
    #expect(path(1000, [:]) == nil)
    #expect(path(1000, ["XDG_RUNTIME_DIR": "relative"]) == nil)
    for user in [0, 1000] as [UInt32] {
      #expect(path(user, ["PORTICO_RUN_DIR": "/x", "XDG_RUNTIME_DIR": "/y"]) == "/x")
    }
    #expect(path(1000, runtime.merging(["PORTICO_RUN_DIR": ""]) { $1 }) == "/run/user/1000/portico")
  }
}
