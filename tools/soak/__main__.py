#!/usr/bin/env python3
"""Ten clients at one `jean-bridge serve` for half an hour, while Jean Memory is away now and then: six over HTTP, three
adapters, one of which is started and killed over and over, and one that does everything wrong.

    tools/soak              30 minutes
    tools/soak MINUTES      fewer or more; at least 12

Fails when memory, open files, threads or the database of the bridge grow: the middle value (median) of the last third of
the run may be above that of the third before by a small share only (watch.py says which). The first third is for filling
what has a limit, such as 64 sessions of one client. The database keeps a row for each call, for thirty days; it may grow by
that and by nothing else. Fails also when a call ends otherwise than it must, or a memory was written twice.
"""

import contextlib
import os
import pathlib
import platform
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))

from clients import MODERN, AdapterClient, HttpClient, Newcomers, Person, RestartingClient, Tally, Troublemaker
from programs import PROFILE, end
from report import Report
from serve import Bridge
from upstream import Upstream
from watch import judge, look, table

MINUTES = 30
LEAST_MINUTES = 12
LOOK_SECONDS = 10
KEY = "jean_sk_soak_0123456789abcdefgh"  # of nobody
SECRET = "a-secret-of-the-soak-with-more-than-32-bytes"
REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN]


class World:
    """What the clients share."""

    def __init__(self, bridge, upstream):
        self.bridge, self.upstream = bridge, upstream
        self.tally, self.stopping = Tally(), threading.Event()
        self.person = Person("Person", self)
        self.person.thread.start()
        self.adapters = [AdapterClient(f"Lasting {number}", self) for number in (1, 2)]
        clients = [HttpClient(f"Client {revision}", self, revision) for revision in REVISIONS]
        clients += [HttpClient("Listening client", self, "2025-06-18", listens=True), *self.adapters]
        clients += [RestartingClient("Restarting", self), Troublemaker("Troublemaker", self)]
        self.clients = [*clients, Newcomers("Newcomers", self)]
        for client in self.clients:
            client.thread.start()

    def adapter_pids(self):
        return [client.adapter.process.pid for client in self.adapters]

    def stop(self):
        self.stopping.set()
        for worker in [*self.clients, self.person]:
            worker.thread.join(90)
        for client in self.adapters:
            client.adapter.process.stdin.close()
            end(client.adapter.process)


def run(world, minutes):
    """Looks every ten seconds."""
    started = time.monotonic()
    looks = []
    while (at := time.monotonic() - started) <= minutes * 60:
        looks.append(look(at, world.bridge, world.adapter_pids()))
        if sys.stderr.isatty():
            print(f"\r{at / 60:.1f} min, {world.tally.counts['calls answered']} calls", end="", file=sys.stderr, flush=True)
        time.sleep(max(0, started + len(looks) * LOOK_SECONDS - time.monotonic()))
    return looks


def tell(world, report):
    for what, count in sorted(world.tally.counts.items()):
        if what != "failures":
            report.fact(what, str(count))
    report.fact("outages of Jean Memory", str(world.upstream.outages))
    report.fact("memories that were written twice", str(world.upstream.written_twice()), not world.upstream.written_twice())
    report.fact("calls that ended otherwise than they must", str(world.tally.counts["failures"]), not world.tally.failures)
    for failure in world.tally.failures:
        print(f"  {failure}")


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    if minutes < LEAST_MINUTES:
        sys.exit(f"at least {LEAST_MINUTES} minutes: in fewer nothing becomes level")
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {PROFILE} build")
    report = Report()
    home = tempfile.mkdtemp(prefix="jean-bridge-soak-")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        upstream = stack.enter_context(Upstream())
        environment = {"JEAN_BRIDGE_API_BASE_URL": upstream.url, "JEAN_BRIDGE_API_KEY": KEY, "JWT_SECRET_KEY": SECRET}
        bridge = stack.enter_context(Bridge(home, **environment))
        world = World(bridge, upstream)
        try:
            looks = run(world, minutes)
        finally:
            world.stop()
        table(looks)
        with report.part("soak"):
            report.note("What grew and how calls ended", "the last third of the run beside the third before it")
            judge(looks, report)
            tell(world, report)
    sys.exit(0 if report.is_fine else 1)


if __name__ == "__main__":
    main()
