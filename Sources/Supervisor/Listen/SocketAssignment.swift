// Which worker polls which listener socket. Pure: the same workers always get the same sockets.

/// The sockets of each listener, shared out among the workers that can serve.
package enum SocketAssignment {
  /// For each ready worker the flat indices of its sockets (all of listener 0, then all of 1, ...).
  ///
  /// Worker i keeps socket i of every listener, so that few sockets change hands when a worker
  /// comes or goes. A socket whose worker is not ready goes to the others in turn: with nobody
  /// polling it, the clients that the kernel gives to it would wait.
  ///
  /// A socket that is alone (a Unix listener's) is polled by all of them; the kernel wakes one for
  /// each client.
  package static func sockets(
    of socketCounts: [Int], readyWorkers: Set<Int>
  ) -> [Int: [UInt16]] {
    let workers = readyWorkers.sorted()
    guard !workers.isEmpty else { return [:] }
    var assigned: [Int: [UInt16]] = [:]
    for worker in workers { assigned[worker] = [] }
    var (turn, index) = (0, 0)
    for socketCount in socketCounts {
      if socketCount == 1 {
        for worker in workers { assigned[worker, default: []].append(UInt16(index)) }
        index += 1
        continue
      }
      for socket in 0..<socketCount {
        var owner = socket
        if !readyWorkers.contains(owner) {
          owner = workers[turn % workers.count]
          turn += 1
        }
        assigned[owner, default: []].append(UInt16(index))
        index += 1
      }
      // Sockets that were passed may be fewer than workers; each of these shares one.
      for worker in workers where worker >= socketCount {
        let shared = UInt16(index - socketCount + worker % socketCount)
        if assigned[worker]?.contains(shared) == false { assigned[worker]?.append(shared) }
      }
    }
    return assigned
  }
}
