// A listener's URI as somebody to connect to: names are looked up, `*` is this machine.

#if os(Linux) && canImport(Glibc)

  internal import ArgumentParser
  internal import Kernel
  internal import Load
  internal import Supervisor

  enum BenchTarget {
    /// What to connect to, or a mistake of the command line.
    static func target(of uri: ListenerURI) throws -> LoadTarget {
      switch uri {
      case .tcp(let host, let port): return .tcp(try endpoint(host, port, uri))
      case .udp(let host, let port): return .udp(try endpoint(host, port, uri))
      case .unix(let path, _): return .unix(path: path)
      case .systemd:
        throw ValidationError(
          "a load needs an address: write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH")
      }
    }

    private static func endpoint(
      _ host: ListenerURI.Host, _ port: UInt16, _ uri: ListenerURI
    ) throws -> Endpoint {
      guard port > 0 else {
        throw ValidationError("\(uri): nobody listens on port 0; write the port of the server")
      }
      let address: String
      switch host {
      case .any: address = "127.0.0.1"
      case .address(let text): address = text
      case .name(let name): return try resolved(name, port, uri)
      }
      guard let endpoint = Endpoint(address: address, port: port) else {
        throw ValidationError("\(uri): \(address) is not an address")
      }
      return endpoint
    }

    private static func resolved(
      _ name: String, _ port: UInt16, _ uri: ListenerURI
    ) throws(ExitCode) -> Endpoint {
      var found = Endpoint.none
      try reportingFailure { () throws(StartFailure) in
        do throws(UnresolvedName) {
          found = try Endpoint.resolve(name, port: port)
        } catch {
          throw StartFailure("\(uri): the host \(name) has no address: \(error.reason)")
        }
      }
      return found
    }
  }

#endif
