// The option of `portico run` that makes the server a bad one, for tests of clients.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Supervisor

  struct FilterOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        """
        Put a filter between the plugin and its clients, for tests of clients; repeated for \
        several, the nearest to the clients first: delay=50ms or delay=50ms..200ms, drop=0.01, \
        rate=1MiB/s, log, split=1 or split=1..100, corrupt=0.01, reset-after=1000, refuse=0.1. \
        With seed=7 chance decides the same again.
        """, valueName: "name=value"),
      transform: Words.filter)
    var filter: [FilterList.Word] = []

    func validate() throws {
      do throws(InvalidWord) {
        _ = try FilterList(filter)
      } catch {
        throw ValidationError(error.description)
      }
    }

    func fill(_ options: inout RunOptions) {
      // Checked when the command line was read.
      options.filters = (try? FilterList(filter)) ?? FilterList()
    }
  }

#endif
