#!/usr/bin/env python3
"""Gets and builds the peers of the bench, as many as can be had; a line for each.

    get.py

Nothing is installed: packages are unpacked below .build-bench. Exit status 1 when one is missing.
"""

import shutil
import sys

import build
from peers import PEERS
from processes import BUILD, Failure


def main() -> int:
    """Gets packages and wheels, then builds what each peer needs."""
    missing = 0
    for get in (build.get_packages, build.get_wheels):
        try:
            get()
        except Failure as failure:
            print(f"get: {failure}", file=sys.stderr)
    (BUILD / "bin").mkdir(parents=True, exist_ok=True)
    for peer in PEERS:
        try:
            if peer.make_it:
                build.when_older(peer.made, build.BENCH / "peers" / peer.name, peer.make_it)
            if not peer.made.exists():
                raise Failure(f"{peer.made.name} is not here: {peer.get}")
            print(f"{peer.name:<10} {peer.version()}")
        except Failure as failure:
            missing += 1
            print(f"{peer.name:<10} is missing: {failure}")
    if not shutil.which("cargo") or not shutil.which("node"):
        print("tokio needs a Rust toolchain (cargo), node Node itself: those are not fetched")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
