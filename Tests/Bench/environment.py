"""Where figures come from: without processor, kernel and versions they say nothing."""

import ctypes
import datetime
import errno
import os
import pathlib
import platform

from processes import FIRST, REST


def processor() -> str:
    """The model, as the kernel has it."""
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def has_uring() -> bool:
    """Whether the kernel lets this process use io_uring; containers often forbid it."""
    library = ctypes.CDLL(None, use_errno=True)
    io_uring_setup = 425
    library.syscall(io_uring_setup, 0, None)  # Refused in any case; how, is what tells.
    return ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM, errno.EACCES)


def facts(peers: list, rounds: int) -> dict:
    """What a reader needs to judge the figures."""
    load = os.getloadavg()[0]
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "processor": processor(),
        "processors": len(REST) + 1,
        "servers_on": FIRST,
        "load_on": REST or [FIRST],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(load, 2),
        "rounds": rounds,
        "versions": {peer.name: peer.version() for peer in peers},
    }
