#!/usr/bin/env python3
"""The article's server, completed: receives once, says thank you, closes.

One client at a time, and a client that sends nothing makes all the others wait: what Portico does
about that is the point of having it beside this file.
"""

import argparse
import socket


def serve(port: int, quiet: bool) -> None:
    """Accepts clients for ever, one after the other."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # Without it a restart fails for a minute, while old connections sit in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", port))
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    data = connection.recv(1024)
                    if not quiet:
                        text = data.decode("utf-8", errors="replace")
                        print(f"The received data is: {text}", flush=True)
                    connection.sendall(b"thank you !")
                except ConnectionError:
                    pass  # This client is gone; the next one is waiting.


def main() -> None:
    """Reads the command line and serves until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", nargs="?", type=int, default=7788)
    parser.add_argument("--quiet", action="store_true", help="print nothing, for benchmarks")
    options = parser.parse_args()
    try:
        serve(options.port, options.quiet)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise SystemExit(f"server.py: port {options.port}: {error.strerror}")


if __name__ == "__main__":
    main()
