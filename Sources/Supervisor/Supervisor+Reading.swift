// Reading the plugin's files, at the start and for a reload. That is done beside the loop, which
// goes on serving; what follows is done when they are there.

internal import Control
internal import Kernel
internal import Logging

extension Supervisor {
  /// Begins to read the plugin. What can be told at once of a file that is none is thrown.
  func readPlugin(_ origin: Generation.Origin) throws(StartFailure) {
    let source = try PluginSource.open(
      locator.path(of: options.plugin), trusting: options.trust.served(by: account.userID))
    let path = source.path
    do throws(SystemError) {
      let begun = try PluginReading(source, with: options, for: origin)
      try poller.add(begun.descriptor, token: EventSource.plugin.token)
      reading = begun
    } catch {
      throw StartFailure("the plugin \(path) cannot be read: \(error)")
    }
    if origin == .reload { logger.info("reloading: reading \(path) anew") }
  }

  /// Its files are there, or cannot be had.
  func pluginWasRead() {
    guard let reading, let result = reading.result else { return }
    giveUpReading()
    do throws(StartFailure) {
      let files = try result.get()
      try load(
        newGeneration(
          reading.origin, image: files.image, configuration: makeConfiguration(for: files)))
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
