// A blocking client of a listener in this process.

import CKernel
import Glibc
import Kernel

/// Connected, or refused: then `code` says why.
final class TestClient {
  let fd: Int32
  let code: Int32

  init(
    port: UInt16, host: String = "127.0.0.1", type: __socket_type = SOCK_STREAM
  ) throws {
    guard var endpoint = Endpoint(address: host, port: port) else {
      throw SystemError("inet_pton", code: EINVAL)
    }
    var address = sockaddr_storage()
    let length = unsafe ck_endpoint_write(&endpoint, &address)
    (fd, code) = Self.connect(AF_INET, type, address, length)
  }

  init(path: String) throws {
    var address = sockaddr_un()
    guard unsafe ck_unix_address(path, &address) == 0 else {
      throw SystemError("connect", code: ENAMETOOLONG)
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    (fd, code) = Self.connect(AF_UNIX, SOCK_STREAM, address, length)
  }

  deinit { close(fd) }

  private static func connect<Address>(
    _ family: Int32, _ type: __socket_type, _ address: Address, _ length: socklen_t
  ) -> (Int32, Int32) {
    let fd = socket(family, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    // SAFETY: the address lives during the call, and has `length` bytes.
    let result = unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe Glibc.connect(fd, .init(__sockaddr__: pointer), length)
      }
    }
    return (fd, result == 0 ? 0 : errno)
  }
}
