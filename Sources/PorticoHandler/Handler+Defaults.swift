// The optional methods of a handler, as they are when an author leaves them out. None of them is
// ever called: the plugin's descriptor has no such hook.

extension Handler where Opening == Unheard {
  /// Not there.
  public mutating func opened(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where Greeting == Unheard {
  /// Not there.
  public mutating func greet(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where InputEnd == Unheard {
  /// Not there.
  public mutating func inputEnded(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where Writability == Unheard {
  /// Not there.
  public mutating func writable(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where TimerEvent == Unheard {
  /// Not there.
  public mutating func timerFired(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where WorkerTimerEvent == Unheard {
  /// Not there.
  public static func workerTimerFired(_ shared: Shared) -> Unheard { Unheard() }
}

extension Handler where Drain == Unheard {
  /// Not there.
  public mutating func draining(_ reply: Reply) -> Unheard { Unheard() }
}

extension Handler where Closing == Unheard {
  /// Not there.
  public mutating func closed(_ client: LaterReply) -> Unheard { Unheard() }
}

extension Handler where Unloading == Unheard {
  /// Not there.
  public static func unload(_ shared: Shared) -> Unheard { Unheard() }
}
