// Drives a handler in unit tests, without sockets.
