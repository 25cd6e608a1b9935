// Which Portico this is.

/// Version of the host, as `--version` prints it and a status tells it.
package let hostVersion = "0.1.0"
