// The worker executable: everything is in `Runtime`, so that tests and the probe can have it too.

internal import Glibc
internal import Runtime

exit(Worker.main())
