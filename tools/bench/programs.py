"""The programs that are measured, and what is read of a running one."""

import collections
import contextlib
import http.client
import os
import pathlib
import subprocess
import sys
import time

PATIENCE = 60  # seconds; only a broken program gets there


# Another one only to try a change of the bench itself.
PROFILE = os.environ.get("JEAN_BRIDGE_BENCH_PROFILE", "release")
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target")).resolve()


def program(name):
    path = TARGET / PROFILE / name
    if not path.is_file():
        sys.exit(f"{path} is missing: run `make bench`")
    return path


def size_mib(name):
    return program(name).stat().st_size / 1024 / 1024


def end(process):
    """Asks a program to end, and waits for it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(condition, what, pause=0.005):
    """The first true answer of `condition`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(pause)
    sys.exit(f"gave up waiting for {what}")


def first_answer(port):
    """Asks until somebody listens and answers."""
    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with contextlib.closing(connection), contextlib.suppress(ConnectionRefusedError):
            connection.request("GET", "/status")
            return connection.getresponse().read()
        return None

    return until(ask, "the first answer", pause=0.0005)


def family(pid):
    """A process and all that it started, as they are now."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in parentheses may hold anything; the parent is the second field after it.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    members = {pid}
    while more := {child for child, parent in parents.items() if parent in members} - members:
        members |= more
    return members


# PSS shares out what processes have in common; private is what ends with them.
Footprint = collections.namedtuple("Footprint", "rss pss private")


def footprint_mib(pids):
    """The memory of the processes together."""
    total = collections.Counter()
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, rest = line.partition(":")
                if rest.endswith(" kB"):
                    total[name] += int(rest.split()[0])
    kib = (total["Rss"], total["Pss"], total["Private_Clean"] + total["Private_Dirty"])
    return Footprint(*(value / 1024 for value in kib))


def memory_mib(pids):
    """RSS and PSS of the processes together."""
    footprint = footprint_mib(pids)
    return footprint.rss, footprint.pss
