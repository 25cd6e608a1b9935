// Reading the plugin's file, at the start and for a reload. That is done beside the loop, which
// goes on serving; what follows is done when the copy is there.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Begins to read the plugin. What can be told at once of a file that is none is thrown.
  func readPlugin(_ origin: Generation.Origin) throws(StartFailure) {
    let source = try PluginSource.open(locator.path(of: options.plugin))
    let path = source.path
    do throws(SystemError) {
      let begun = try PluginReading(source, for: origin)
      try poller.add(begun.descriptor, token: EventSource.plugin.token)
      reading = begun
    } catch {
      throw StartFailure("the plugin \(path) cannot be read: \(error)")
    }
    if origin == .reload { logger.info("reloading: reading \(path) anew") }
  }

  /// Its copy is there, or there will be none.
  func pluginWasRead() {
    guard let reading, let result = reading.result else { return }
    giveUpReading()
    do throws(StartFailure) {
      let image = try result.get()
      let configuration = try makeConfiguration(for: image)
      try load(newGeneration(reading.origin, image: image, configuration: configuration))
    } catch {
      if phase == .starting {
        failure = error
      } else {
        abandonLoading(reading.origin, because: error.description)
      }
    }
  }

  /// Nobody waits for it any more.
  func giveUpReading() {
    if let reading { poller.remove(reading.descriptor) }
    reading = nil
  }
}
