// What is said of a handler that crashed or hung in a case. Pure: from how the probe ended and what
// its page holds, of which only numbers are taken, since a plugin can write into it.

internal import CKernel
internal import Control
internal import Kernel

/// A probe that ended before its check was over.
struct CheckCrash {
  private static let pageSize: UInt64 = 4096

  var page: ck_page
  var handler: String

  /// It died.
  func lines(_ reason: ExitReason) -> [String] {
    if let trespass { return [trespass] }
    let death = Death(reason: reason, page: page, handler: handler)
    var line = "\(handler) crashes: the probe \(death.description)"
    if page.signal != 0, page.fault_address != 0, page.fault_access != 0 {
      line += ", \(access) address 0x\(String(page.fault_address, radix: 16))"
    }
    return [line]
  }

  /// It was killed, since one call did not return.
  func lines(hangingFor limit: Duration) -> [String] {
    let death = Death(reason: .exited(status: 0), page: page, handler: handler)
    return ["\(handler) hangs: \(death.place), for \(limit.components.seconds) s"]
  }

  private var access: String { page.fault_access == 2 ? "writing to" : "reading from" }

  /// It touched the request, or what lies beside it.
  private var trespass: String? {
    guard page.signal != 0, page.probe_request != 0, page.in_main_thread != 0 else { return nil }
    let (address, request, length) = (page.fault_address, page.probe_request, page.probe_length)
    let (end, overflow) = request.addingReportingOverflow(length)
    guard !overflow, end < .max - 2 * Self.pageSize, request > Self.pageSize else { return nil }
    let verb = page.fault_access == 2 ? "writes" : "reads"
    if address >= request, address <= end {
      guard page.fault_access == 2 else { return nil }
      return address == end
        ? "handle writes to the NUL behind its \(length)-byte request"
        : "handle writes into the request at byte \(address - request) of \(length)"
    }
    // The guard begins at the page behind the NUL.
    if address > end, address < end + 1 + Self.pageSize {
      let far = address - end + 1
      return "handle \(verb) \(far) bytes past the end of its \(length)-byte request"
    }
    if address < request, address >= request - Self.pageSize {
      let far = request - address
      return "handle \(verb) \(far) byte\(far == 1 ? "" : "s") before its \(length)-byte request"
    }
    return nil
  }
}
