// The probe executable: `portico` starts it, users need not.

internal import Glibc
internal import Runtime

guard CommandLine.arguments.dropFirst().first == "inspect" else {
  print("portico-probe is started by portico; run `portico inspect FILE` instead")
  exit(64)
}
exit(Probe.inspect())
