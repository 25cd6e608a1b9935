// The promise: bash, zsh and fish complete commands, options and their words, and the manual page
// has every option and no mistake that a formatter could find.

import Foundation
import Harness
import Testing

@Suite(.tags(.thorough), .serialized, .realProcesses, .timeLimit(.minutes(5)))
struct ShellTests {
  private func run(
    _ words: String..., environment: [String: String] = [:], in folder: URL? = nil
  ) throws -> Finished {
    let installed = try Installed.shared.get()
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    var variables = ["PATH": "\(installed.prefix.path)/bin:\(path)", "LC_ALL": "C.UTF-8"]
    variables.merge(environment) { $1 }
    return try Finished(
      URL(fileURLWithPath: "/usr/bin/env"), words, environment: variables,
      workingDirectory: folder ?? Paths.newFolder(), within: .seconds(40))
  }

  private func share() throws -> String { try Installed.shared.get().prefix.path + "/share" }

  @Test func `bash completes`() throws {
    let folder = try Paths.newFolder()
    try "".write(to: folder.appending(path: "mine.so"), atomically: true, encoding: .utf8)
    let script = #"""
      source "$1/bash-completion/completions/portico"
      complete -p portico >/dev/null
      try() {
        COMP_LINE="$1"; COMP_WORDS=($1); [[ $1 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_POINT=${#COMP_LINE}; COMPREPLY=()
        _portico portico "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "$1=${COMPREPLY[*]}"
      }
      try "portico ru"
      try "portico run --log-level w"
      try "portico run --over-limit "
      try "portico new x --language "
      try "portico run --plugin e"
      try "portico run --plugin ./"
      try "portico paths k"
      """#
    let finished = try run("bash", "-c", script, "bash", share(), in: folder)
    #expect(finished.exit == .status(0), "\(finished.error)")
    #expect(finished.error.isEmpty, "\(finished.error)")
    #expect(
      finished.output.split(separator: "\n") == [
        "portico ru=run", "portico run --log-level w=warning",
        "portico run --over-limit =wait reject", "portico new x --language =c swift",
        "portico run --plugin e=echo", "portico run --plugin ./=./mine.so", "portico paths k=kit",
      ])
  }

  @Test func `zsh completes`() throws {
    let script = #"""
      zmodload zsh/zpty
      zpty -b shell 'TERM=dumb zsh -f -i'
      zpty -w shell "fpath=($1/zsh/site-functions \$fpath); autoload -U compinit; compinit -u -D"
      zpty -w shell 'portico() { print -r -- "<$*>" }; print READY'
      wait_for() {
        local tries=0 line
        until [[ $seen == *$1* ]] || (( ++tries > 100 )); do
          while zpty -rt shell line; do seen+=$line; done
          sleep 0.1
        done
      }
      seen=
      wait_for $'\nREADY'
      for typed in 'portico ru' 'portico run --log-level w' 'portico new x --language s'; do
        seen=
        zpty -w -n shell "$typed"$'\t'
        sleep 1
        zpty -w -n shell $'\r'
        wait_for $'\n<'
        print -r -- "${${seen##*$'\n'<}%%>*}"
      done
      zpty -d shell
      """#
    let syntax = try run("zsh", "-n", share() + "/zsh/site-functions/_portico")
    #expect(syntax.exit == .status(0), "\(syntax.error)")
    let finished = try run("zsh", "-f", "-c", script, "zsh", share())
    #expect(
      finished.output.split(separator: "\n") == [
        "run", "run --log-level warning", "new x --language swift",
      ], "\(finished.output)\(finished.error)")
  }

  @Test func `fish completes`() throws {
    let file = try share() + "/fish/vendor_completions.d/portico.fish"
    let syntax = try run("fish", "-n", file)
    #expect(syntax.exit == .status(0), "\(syntax.error)")
    let home = try Paths.newFolder().path
    let finished = try run(
      "fish", "-c",
      #"complete -C"portico ru"; complete -C"portico run --log-level w"; "#
        // What needs the program's help to complete wants an interactive shell here.
        + #"complete -C"portico new x --language s""#,
      environment: ["XDG_DATA_DIRS": share(), "HOME": home])
    #expect(finished.exit == .status(0), "\(finished.error)")
    let offered = finished.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
    #expect(offered == ["run", "warning", "swift"], "\(finished.output)")
  }

  @Test func `The manual page is clean, and has every command and every option`() throws {
    let page = try share() + "/man/man1/portico.1"
    let checked = try run(
      "man", "--warnings", "-E", "UTF-8", "-l", page, environment: ["MANWIDTH": "200"])
    #expect(checked.exit == .status(0))
    #expect(checked.error.isEmpty, "\(checked.error)")
    let text = checked.output
    for section in [
      "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "SIGNALS", "EXIT STATUS",
      "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO",
    ] {
      #expect(text.contains("\n\(section)\n"), "\(section)")
    }
    let help = try Portico.run("--help").output
    let heading = try #require(help.firstRange(of: "SUBCOMMANDS:"))
    let commands = help[heading.upperBound...].matches(of: /\n  ([a-z]+)/).map { String($0.1) }
    #expect(commands.contains("run") && commands.contains("new"))
    for command in commands where command != "help" {
      #expect(text.contains("portico \(command)"), "\(command)")
      let own = try Portico.run(command, "--help").output
      for match in own.matches(of: /\n  (?:-\w, )?(--[a-z][a-z-]+)/) {
        #expect(text.contains(match.1), "\(command) \(match.1)")
      }
      // Its own page leads to this one.
      let link = try run("man", "portico-\(command)", environment: ["MANPATH": share() + "/man"])
      #expect(link.output.contains("EXIT STATUS"), "\(command): \(link.error)")
    }
  }
}
