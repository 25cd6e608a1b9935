// What each worker may take of the machine, so that all of them together stay within it. Pure:
// what the machine has is given.

/// The shares of one worker.
package struct WorkerBudget: Equatable, Sendable {
  /// Connections that a worker's descriptors suffice for.
  package let connections: Int
  /// Bytes that it may hold for all of its clients.
  package let memory: Int
  /// Bytes of the shared memory file for its buffers; only what is touched takes memory.
  package let buffers: Int

  /// Less makes no server.
  package static let minimumMemory = 16 << 20
  private static let mebibyte = 1 << 20
  private static let maximumBuffers = 64 << 30
  /// The tables of a worker stay within a few hundred megabytes of address space.
  private static let maximumConnections = 100_000
  /// Descriptors of the worker's own, and of its plugin.
  private static let otherDescriptorCount = 64
  /// Fewer clients at once make no server.
  private static let leastConnections = 16
  /// What a worker needs besides its listening sockets.
  static let leastDescriptorCount = otherDescriptorCount + leastConnections
  /// For a machine that does not say.
  private static let assumedMemory = 1 << 30

  /// `workerCount` is how many workers there may be; `memoryLimit` what was asked for. Without that
  /// all of them together get a quarter of the machine's memory.
  package init(
    memoryLimit: ByteCount?, machineMemory: Int?, workerCount: Int, descriptorLimit: Int,
    socketCount: Int
  ) {
    let share = (machineMemory ?? Self.assumedMemory) / 4 / max(workerCount, 1)
    memory = memoryLimit?.bytes ?? max(share, Self.minimumMemory)
    let rounded = (memory + Self.mebibyte - 1) / Self.mebibyte * Self.mebibyte
    buffers = min(max(rounded, Self.minimumMemory), Self.maximumBuffers)
    let descriptors = descriptorLimit - socketCount - Self.otherDescriptorCount
    connections = min(max(descriptors, Self.leastConnections), Self.maximumConnections)
  }
}
