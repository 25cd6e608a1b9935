// The kit, driven without a host.

import PorticoHandler
import Testing

@Suite struct HandlerTests {}
