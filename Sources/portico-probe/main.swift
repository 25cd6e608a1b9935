// The probe executable: `portico` starts it, users need not.

internal import Glibc
internal import Kernel
internal import Runtime

switch HostFacts.arguments(of: "portico-probe").first {
case "inspect": exit(Probe.inspect())
case "run": exit(Probe.run())
case .some, .none:
  print("portico-probe is started by portico; run `portico call` or `portico test` instead")
  exit(64)
}
