#!/usr/bin/env python3
"""A client for the article's server: sends one message and prints the answer."""

import argparse
import socket


def main() -> None:
    """Connects, sends, and reads until the server closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host", nargs="?", default="127.0.0.1")
    parser.add_argument("port", nargs="?", type=int, default=7788)
    parser.add_argument("message", nargs="?", default="hello")
    options = parser.parse_args()
    answer = b""
    try:
        with socket.create_connection((options.host, options.port), timeout=10) as connection:
            connection.sendall(options.message.encode())
            while part := connection.recv(1024):
                answer += part
    except OSError as error:
        where = f"{options.host} port {options.port}"
        raise SystemExit(f"client.py: no answer from {where}: {error.strerror or error}")
    print(answer.decode("utf-8", errors="replace"))


if __name__ == "__main__":
    main()
