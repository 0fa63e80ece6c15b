#!/usr/bin/env python3
"""Measures a release build of `jean-bridge serve` beside its budgets, and says how it was measured.

Each run has a home of its own and any free port. Fails when a budget is missed by more than the spread of a busy
machine, so that a slow start is noticed before a release.
"""

import http.client
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

RUNS = 10
IDLE_SECONDS = 10
BUDGET_FIRST_ANSWER_MS = 50
BUDGET_IDLE_RSS_MIB = 15
TOLERANCE = 2.0  # a shared machine doubles a time now and then; a regression is more than that
READY = "listening on "


def program():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return target / "release" / "jean-bridge"


class Bridge:
    """A running `serve` with a throw-away home; `first_answer` is what a client waits for."""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="jean-bridge-bench-")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "JEAN_BRIDGE_HOME": self.home,
            "JEAN_BRIDGE_PORT": "0",
            "JEAN_BRIDGE_API_BASE_URL": "sandbox",
        }
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [program(), "serve"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline().strip()
        if not line.startswith(READY):
            self.__exit__()
            sys.exit(f"jean-bridge serve did not start: {line!r}")
        address = urllib.parse.urlsplit(line.removeprefix(READY))
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.request("GET", "/status")
        status = json.loads(connection.getresponse().read())
        self.first_answer_ms = (time.perf_counter() - started) * 1000
        connection.close()
        if status["status"] != "ready":
            self.__exit__()
            sys.exit(f"the first answer was {status}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kib) / 1024


def row(what, value, spread, budget, unit):
    verdict = "ok" if value <= budget else "over"
    print(f"{what:<36}{value:>8.1f} {unit:<4}  {spread:<24} budget {budget} {unit}: {verdict}")
    return value <= budget * TOLERANCE


def main():
    if not program().is_file():
        sys.exit(f"{program()} is missing: run `make bench`")
    times = []
    for _ in range(RUNS):
        with Bridge() as bridge:
            times.append(bridge.first_answer_ms)
    with Bridge() as bridge:
        time.sleep(IDLE_SECONDS)
        idle = bridge.rss_mib()
    size = program().stat().st_size / 1024 / 1024
    load = os.getloadavg()[0]
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, release build\n")
    spread = f"{min(times):.1f} to {max(times):.1f}, n={RUNS}"
    fine = row("serve: start to first answer, median", statistics.median(times), spread, BUDGET_FIRST_ANSWER_MS, "ms")
    fine &= row(f"serve: memory, {IDLE_SECONDS} s idle, RSS", idle, "n=1", BUDGET_IDLE_RSS_MIB, "MiB")
    print(f"{'jean-bridge: size of the program':<36}{size:>8.1f} MiB")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
