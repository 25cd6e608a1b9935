// The workers started together from one plugin image and one configuration.

internal import Control
internal import Kernel

/// One plugin image, one configuration, and a place for each worker.
final class Generation {
  /// The place of one worker over all the processes that fill it in turn.
  struct Place {
    var policy: RestartPolicy
    var worker: Worker?
    /// Its first process has loaded the plugin, or has died.
    var hasSettled = false
    /// Processes that have taken the place of one that died.
    var restartCount = 0
    /// The log says that no process could be started for it.
    var hasSaidShortage = false
  }

  /// Why it was started.
  enum Origin: Equatable {
    /// The program was.
    case start
    /// Somebody asked for it, and the plugin's file was read anew.
    case reload
    /// Workers of the one before had used up their reply addresses.
    case renewal
    /// The one before it kept crashing, and the one before that serves again.
    case fallback
  }

  let number: Int
  let origin: Origin
  /// When it began to load.
  let startTime = Moment.now
  let image: PluginImage
  /// What its workers get, but for their number.
  let configuration: WorkerConfiguration
  /// What the scout reported; nil until then.
  var report: PluginReport?
  /// The first place is the scout's.
  var places: [Place] = []
  /// A worker has used up its reply addresses, and nothing has come of that yet.
  var isSpent = false

  init(number: Int, origin: Origin, image: PluginImage, configuration: WorkerConfiguration) {
    self.number = number
    self.origin = origin
    self.image = image
    self.configuration = configuration
  }

  /// The handler's name for the log, from the file as long as nothing better is known.
  var handlerName: String {
    guard let name = report?.name, !name.isEmpty else {
      return PluginLocator.name(ofFile: image.path)
    }
    return name
  }

  /// `thankyou 1.0`
  var title: String {
    let version = report?.version ?? ""
    return version.isEmpty ? handlerName : "\(handlerName) \(version)"
  }

  /// Its plugin may be another one than that of the generation before it.
  var readsPluginAnew: Bool {
    switch origin {
    case .start, .reload: true
    case .renewal, .fallback: false
    }
  }

  var workers: [Worker] { places.compactMap(\.worker) }

  /// Every worker is loaded.
  var isReady: Bool {
    !places.isEmpty && places.allSatisfy { $0.worker?.lifecycle.canServe == true }
  }

  /// Nobody need be waited for any longer at the start.
  var hasSettled: Bool { !places.isEmpty && places.allSatisfy(\.hasSettled) }
}
