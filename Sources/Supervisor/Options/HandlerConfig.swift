// The file of --handler-config: the plugin's own, passed on as it is.

internal import Kernel

/// Reads the plugin's configuration file.
enum HandlerConfig {
  /// Every worker gets a copy.
  private static let byteLimit = 1 << 26

  /// All of it; throws for one that is longer than any is read.
  static func contents(of path: String) throws(StartFailure) -> [UInt8] {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try Files.contents(of: path, limit: byteLimit + 1)
    } catch {
      throw StartFailure("the file \(path) of --handler-config cannot be read: \(error.reason)")
    }
    guard bytes.count <= byteLimit else {
      throw StartFailure("the file \(path) of --handler-config is longer than 64 MiB")
    }
    return bytes
  }
}
