"""`jean-bridge stdio` beside mcp-remote, the adapter that others use: one run, one driver, one backend that answers both.

Every round starts each of them anew and calls the backend directly as well, so that what a machine does to one it does to
all. Direct calls go to the same route that the one in between calls.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from access import approved, token
from backend import Backend, mcp_remote, node_version
from callers import SETTLED_SECONDS, Http, Stdio, text_of
from programs import program
from serve import Bridge

ROUNDS = int(os.environ.get("JEAN_BRIDGE_BENCH_ROUNDS", "7"))
AT_ONCE = 5
AT_ONCE_SECONDS = 6
DOWN_SECONDS = 15
BACK_SECONDS = 0.5
BUDGET_INITIALIZE_MS = 20
BUDGET_RSS_MIB = 10
BUDGET_ADDED_MS = 0.4
BUDGET_AT_ONCE_MIB = 50
BUDGET_EXIT_MS = 50
KEY = "jean_sk_bench_0123456789abcdef"  # of nobody
SECRET = "a-secret-of-the-bench-with-more-than-32-bytes"


class Ours:
    name = "jean-bridge stdio"

    def __init__(self, backend, home):
        self.backend, self.home = backend, home
        self.start_server()
        self.token = token(self.bridge)
        # The first call of an app waits for a person.
        with self.adapter() as adapter, approved(self.bridge):
            adapter.begin()
            adapter.initialized()
            adapter.call()

    def adapter(self, home=None):
        home = home or self.home
        return Stdio([program("jean-bridge"), "stdio"], HOME=home, JEAN_BRIDGE_HOME=home)

    def unserved(self):
        """With nothing at the other end."""
        return self.adapter(home=tempfile.mkdtemp(dir=self.home))

    def direct(self):
        return Http(f"{self.backend.url}/mcp/messages/", **{"X-API-Key": KEY})

    def through_http(self):
        return Http(f"{self.bridge.url}/mcp", Authorization=f"Bearer {self.token}")

    def start_server(self):
        environment = {"JEAN_BRIDGE_API_BASE_URL": self.backend.url, "JEAN_BRIDGE_API_KEY": KEY, "JWT_SECRET_KEY": SECRET}
        self.bridge = Bridge(self.home, **environment)
        self.bridge.__enter__()

    def kill_server(self):
        self.bridge.kill()

    def close(self):
        self.bridge.__exit__()


class McpRemote:
    name = "mcp-remote"

    def __init__(self, backend, home):
        self.backend, self.home = backend, home

    def adapter(self, url=None):
        command = mcp_remote(url or f"{self.backend.url}/mcp")
        return Stdio(command, HOME=self.home, MCP_REMOTE_CONFIG_DIR=tempfile.mkdtemp(dir=self.home))

    def unserved(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return self.adapter(f"http://127.0.0.1:{free.getsockname()[1]}/mcp")

    def direct(self):
        return Http(f"{self.backend.url}/mcp")

    def start_server(self):
        self.backend.start()

    def kill_server(self):
        self.backend.kill()

    def close(self):
        pass


class Round:
    """One life of an adapter, from its start to the end of its input."""

    def __init__(self, side):
        with side.adapter() as adapter:
            adapter.begin()
            self.initialize = adapter.since_start()
            adapter.initialized()
            adapter.ask("tools/list", {})
            self.tools = adapter.since_start()
            self.p50, self.p95 = adapter.calls()
            time.sleep(SETTLED_SECONDS)
            self.memory = adapter.footprint_mib()
            self.exit = adapter.exit_ms()


def measure(report):
    home = tempfile.mkdtemp(prefix="jean-bridge-bench-")
    try:
        with Backend() as backend:
            ours, theirs = Ours(backend, home), McpRemote(backend, home)
            try:
                report.note(f"Adapters: a new process each round, node {node_version()} for mcp-remote and the backend")
                rounds(report, ours, theirs)
                for side in (ours, theirs):
                    at_once(report, side)
                for side in (ours, theirs):
                    nothing_there(report, side)
                for side in (ours, theirs):
                    lost_and_back(report, side)
            finally:
                ours.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def rounds(report, ours, theirs):
    sides = (ours, theirs)
    lives = {side: [] for side in sides}
    direct = {side: [] for side in sides}
    over_http = []
    for _ in range(ROUNDS):
        for side in sides:
            direct[side].append(calls(side.direct()))
            if side is ours:
                over_http.append(calls(ours.through_http()))
            lives[side].append(Round(side))

    def both(what, values, budget=None, digits=1):
        for side in sides:
            report.row(f"{side.name}: {what}", values(side), "ms", budget if side is ours else None, digits)

    def of_lives(pick):
        return lambda side: [pick(life) for life in lives[side]]

    def added(p50s, side):
        """Beside the direct calls of the same round."""
        return [p50 - direct_p50 for p50, (direct_p50, _p95) in zip(p50s, direct[side], strict=True)]

    both("start to initialize", of_lives(lambda life: life.initialize), BUDGET_INITIALIZE_MS)
    both("start to tools/list", of_lives(lambda life: life.tools))
    both("end of input to exit", of_lives(lambda life: life.exit), BUDGET_EXIT_MS)
    for side in sides:
        budget = BUDGET_RSS_MIB if side is ours else None
        memory(report, f"{side.name}: after the calls", [life.memory for life in lives[side]], budget)
    both("call p50", of_lives(lambda life: life.p50), digits=2)
    both("call p95", of_lives(lambda life: life.p95), digits=2)
    both("its backend directly, p50", lambda side: [p50 for p50, _p95 in direct[side]], digits=2)
    both("its backend directly, p95", lambda side: [p95 for _p50, p95 in direct[side]], digits=2)
    both("added to p50", lambda side: added([life.p50 for life in lives[side]], side), BUDGET_ADDED_MS, digits=2)
    http_p50s = [p50 for p50, _p95 in over_http]
    report.row("jean-bridge over HTTP: call p50", http_p50s, "ms", digits=2)
    report.row("jean-bridge over HTTP: call p95", [p95 for _p50, p95 in over_http], "ms", digits=2)
    report.row("jean-bridge over HTTP: added to p50", added(http_p50s, ours), "ms", BUDGET_ADDED_MS, digits=2)


def calls(caller):
    with caller:
        caller.begin()
        caller.initialized()
        return caller.calls()


def at_once(report, side):
    adapters = [side.adapter() for _ in range(AT_ONCE)]
    try:
        for adapter in adapters:
            adapter.begin()
        time.sleep(AT_ONCE_SECONDS)
        memories = [adapter.footprint_mib() for adapter in adapters]
    finally:
        for adapter in adapters:
            adapter.__exit__()
    together = type(memories[0])(*(sum(kind) for kind in zip(*memories, strict=True)))
    budget = BUDGET_AT_ONCE_MIB if isinstance(side, Ours) else None
    memory(report, f"{side.name}: {AT_ONCE} at once, all answered", [together], budget)


def nothing_there(report, side):
    """Whether an app that starts first gets an answer, and from an adapter that is there later."""
    with side.unserved() as adapter:
        try:
            adapter.begin()
            said, patience = f"initialize answered after {adapter.since_start():.0f} ms", SETTLED_SECONDS
        except (EOFError, BrokenPipeError):
            said, patience = "no answer", DOWN_SECONDS
        try:
            status = adapter.process.wait(patience)
            said += f"; ended with status {status} after {adapter.since_start():.0f} ms"
        except subprocess.TimeoutExpired:
            said += "; goes on"
    is_fine = "answered" in said and "goes on" in said
    report.fact(f"{side.name}: nothing at the other end at start", said, is_fine or not isinstance(side, Ours))


def lost_and_back(report, side):
    """The other end is killed between two calls, and started again."""
    with side.adapter() as adapter:
        adapter.begin()
        adapter.initialized()
        adapter.ask("tools/list", {})
        adapter.call()
        side.kill_server()
        said, _ = outcome(adapter)
        report.fact(f"{side.name}: other end killed, next call", said)
        side.start_server()
        time.sleep(BACK_SECONDS)
        outcomes = [outcome(adapter), outcome(adapter)]
        is_fine = all(succeeded for _, succeeded in outcomes)
        said = "; ".join(said for said, _ in outcomes)
        report.fact(f"{side.name}: other end back, two calls", said, is_fine or not isinstance(side, Ours))


def outcome(adapter):
    """What becomes of a call, in words, and whether it succeeded."""
    try:
        answer, took = adapter.call()
    except (EOFError, BrokenPipeError):
        return "the adapter ended", False
    if "error" in answer or answer["result"].get("isError"):
        return f"{took:.0f} ms, {text_of(answer)!r}", False
    return f"{took:.0f} ms", True


def memory(report, what, samples, budget=None):
    report.row(f"{what}, RSS", [sample.rss for sample in samples], "MiB", budget)
    report.row(f"{what}, PSS", [sample.pss for sample in samples], "MiB")
    report.row(f"{what}, private", [sample.private for sample in samples], "MiB")
