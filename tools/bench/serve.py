"""`jean-bridge serve`: each run has a home of its own and any free port."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

from programs import PATIENCE, end, memory_mib, program

RUNS = 10
IDLE_RUNS = 3
SIDE = "jean-bridge serve"
IDLE_SECONDS = 10
BUDGET_FIRST_ANSWER_MS = 20
BUDGET_IDLE_RSS_MIB = 15
READY = "listening on "


class Bridge:
    """A running `serve` with a throw-away home, or one that outlives it; `first_answer_ms` is what a client waits for."""

    def __init__(self, home=None, **environment):
        self.home, self.is_own_home = home, home is None
        self.added = environment

    def __enter__(self):
        if self.is_own_home:
            self.home = tempfile.mkdtemp(prefix="jean-bridge-bench-")
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "JEAN_BRIDGE_HOME": self.home,
            "JEAN_BRIDGE_PORT": "0",
            "JEAN_BRIDGE_API_BASE_URL": "sandbox",
        } | self.added
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [program("jean-bridge"), "serve"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self.process.stdout.readline().strip()
        if not line.startswith(READY):
            self.__exit__()
            sys.exit(f"jean-bridge serve did not start: {line!r}")
        self.url = line.removeprefix(READY)
        address = urllib.parse.urlsplit(self.url)
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
        end(self.process)
        if self.is_own_home:
            shutil.rmtree(self.home, ignore_errors=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def command(self, *arguments):
        """What `jean-bridge` prints, with this bridge running."""
        done = subprocess.run(
            [program("jean-bridge"), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            timeout=PATIENCE,
        )
        return done.stdout


def measure(report):
    times, idle = [], []
    for _ in range(RUNS):
        with Bridge() as bridge:
            times.append(bridge.first_answer_ms)
    for _ in range(IDLE_RUNS):
        with Bridge() as bridge:
            time.sleep(IDLE_SECONDS)
            idle.append(memory_mib([bridge.process.pid]))
    report.note("The bridge without a desktop", f"A home of its own each time; memory after {IDLE_SECONDS} s without a request.")
    report.row("start to first answer", times, "ms", BUDGET_FIRST_ANSWER_MS, side=SIDE)
    report.row("memory idle, RSS", [rss for rss, _pss in idle], "MiB", BUDGET_IDLE_RSS_MIB, side=SIDE)
    report.row("memory idle, PSS", [pss for _rss, pss in idle], "MiB", side=SIDE)
