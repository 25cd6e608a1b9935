// The simulation's executable: everything is in `Runtime`, next to the loop that it tries.

internal import Glibc
internal import Kernel
internal import Runtime

exit(Simulation.run(HostFacts.arguments(of: "portico-simulate")))
