// Names of hosts to addresses. May block for as long as the resolver does: only before serving.

public import CKernel

/// A name that has no address, in the resolver's words.
public struct UnresolvedName: Error, Equatable, Sendable {
  /// `Name or service not known`
  public let reason: String
}

extension ck_endpoint {
  /// The first address of a host name.
  public static func resolve(_ name: String, port: UInt16) throws(UnresolvedName) -> ck_endpoint {
    var endpoint = ck_endpoint()
    // SAFETY: the name is valid during the call, and one endpoint is written.
    let code = unsafe ck_resolve(name, &endpoint)
    guard code == 0 else {
      throw UnresolvedName(reason: unsafe String(cString: ck_resolve_reason(code)))
    }
    endpoint.port = port
    return endpoint
  }
}
