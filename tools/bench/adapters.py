"""`jean-bridge stdio` beside the adapters that others use: one run, one driver, one backend that answers all of them.

Every round starts each of them anew and calls the backend directly as well, so that what a machine does to one it does to
all. Direct calls go to the same route that the one in between calls.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time

import peers
from access import approved, token
from backend import Backend, FastBackend
from callers import CALLS, SETTLED_SECONDS, Http, Stdio, text_of
from programs import program
from serve import Bridge

ROUNDS = int(os.environ.get("JEAN_BRIDGE_BENCH_ROUNDS", "7"))
AT_ONCE = 5
AT_ONCE_SECONDS = 6
DOWN_SECONDS = 15
LOST_SECONDS = 20
LOADS = 3
LOAD_CALLS = 1000
OPEN_CALLS = 32  # of one app at once; the bridge has room for 64
BACK_SECONDS = 0.5
BUDGET_INITIALIZE_MS = 8
BUDGET_RSS_MIB = 10
BUDGET_ADDED_MS = 0.4
BUDGET_AT_ONCE_MIB = 50
BUDGET_EXIT_MS = 10
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


class Peer:
    """An adapter of others; `command` makes its command line of an address."""

    def __init__(self, name, command, backend, home):
        self.name, self.command, self.backend, self.home = name, command, backend, home

    def adapter(self, url=None):
        # Only mcp-remote keeps anything; for it, each life has a folder of its own.
        state = tempfile.mkdtemp(dir=self.home)
        return Stdio(self.command(url or f"{self.backend.url}/mcp"), HOME=self.home, MCP_REMOTE_CONFIG_DIR=state)

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


def sides(backend, home):
    yield Ours(backend, home)
    for name, command in (
        ("mcp-remote", peers.mcp_remote),
        ("supergateway", peers.supergateway),
        ("mcp-proxy", peers.mcp_proxy),
    ):
        yield Peer(name, command, backend, home)


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
        with Backend() as backend, opened(backend, home) as all_sides:
            rounds(report, all_sides)
            report.note(
                f"{AT_ONCE} adapters at once",
                f"Started together and asked to initialize; together after {AT_ONCE_SECONDS} s.",
            )
            for side in all_sides:
                at_once(report, side)
            report.note(
                "When the other end is missing",
                f"Started with nothing at the other end and watched for {DOWN_SECONDS} s; with the other end killed between two "
                f"calls, and started again. The other end is the bridge for jean-bridge stdio, the backend for the others.",
            )
            for side in all_sides:
                nothing_there(report, side)
            for side in all_sides:
                lost_and_back(report, side)
        with FastBackend() as backend, opened(backend, home) as all_sides:
            loads(report, all_sides)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def opened(backend, home):
    with contextlib.ExitStack() as closing:
        all_sides = []
        for side in sides(backend, tempfile.mkdtemp(dir=home)):
            closing.callback(side.close)
            all_sides.append(side)
        yield all_sides


def rounds(report, all_sides):
    ours = all_sides[0]
    lives = {side: [] for side in all_sides}
    direct = {side: [] for side in all_sides}
    over_http = []
    for _ in range(ROUNDS):
        for side in all_sides:
            direct[side].append(calls(side.direct()))
            if side is ours:
                over_http.append(calls(ours.through_http()))
            lives[side].append(Round(side))

    def each(what, values, budget=None, digits=1):
        for side in all_sides:
            report.row(what, values(side), "ms", budget if side is ours else None, digits, side.name)

    def of_lives(pick):
        return lambda side: [pick(life) for life in lives[side]]

    def added(p50s, side):
        """Beside the direct calls of the same round."""
        return [p50 - direct_p50 for p50, (direct_p50, _p95) in zip(p50s, direct[side], strict=True)]

    report.note(
        "Adapters on standard streams",
        f"A new process each round; {CALLS} calls one after the other with an argument of 100 letters, to a backend of Express "
        f"and the SDK of MCP in one process. Memory is that of the whole process tree {SETTLED_SECONDS} s after the calls. "
        "'Directly' are the same calls by HTTP to the same route of the backend, with nothing in between.",
    )
    each("start to initialize", of_lives(lambda life: life.initialize), BUDGET_INITIALIZE_MS)
    each("start to tools/list", of_lives(lambda life: life.tools))
    for side in all_sides:
        memory(report, "memory", side, [life.memory for life in lives[side]], BUDGET_RSS_MIB)
    each("call p50", of_lives(lambda life: life.p50), digits=2)
    each("call p95", of_lives(lambda life: life.p95), digits=2)
    each("directly, p50", lambda side: [p50 for p50, _p95 in direct[side]], digits=2)
    each("directly, p95", lambda side: [p95 for _p50, p95 in direct[side]], digits=2)
    each("added to p50", lambda side: added([life.p50 for life in lives[side]], side), BUDGET_ADDED_MS, digits=2)
    each("end of input to exit", of_lives(lambda life: life.exit), BUDGET_EXIT_MS)

    report.note("Calls over HTTP", f"{CALLS} calls one after the other, with a token, on one connection; same rounds, same backend.")
    http_p50s = [p50 for p50, _p95 in over_http]
    name = "jean-bridge over HTTP"
    report.row("call p50", http_p50s, "ms", digits=2, side=name)
    report.row("call p95", [p95 for _p50, p95 in over_http], "ms", digits=2, side=name)
    report.row("added to p50", added(http_p50s, ours), "ms", BUDGET_ADDED_MS, digits=2, side=name)


def loads(report, all_sides):
    """What one app gets through an adapter that does not wait for answers before it asks again."""
    report.note(
        "Calls at once through an adapter",
        f"{LOAD_CALLS} calls of one app of which {OPEN_CALLS} are open at any time, to a backend that does nothing but answer.",
    )
    rates = {side: [] for side in all_sides}
    for _ in range(LOADS):
        for side in all_sides:
            with side.adapter() as adapter:
                adapter.begin()
                adapter.initialized()
                adapter.call()
                rates[side].append(adapter.calls_at_once(LOAD_CALLS, OPEN_CALLS))
    for side in all_sides:
        report.row("calls per second", rates[side], "/s", digits=0, side=side.name)


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
    memory(report, f"{AT_ONCE} at once", side, [together], BUDGET_AT_ONCE_MIB)


def nothing_there(report, side):
    """Whether an app that starts first gets an answer, and from an adapter that is there later."""
    with side.unserved() as adapter:
        try:
            adapter.begin(patience=DOWN_SECONDS)
            said, patience = f"initialize answered after {adapter.since_start():.0f} ms", SETTLED_SECONDS
        except (EOFError, BrokenPipeError, TimeoutError):
            said, patience = "no answer", max(0, DOWN_SECONDS - adapter.since_start() / 1000)
        try:
            status = adapter.process.wait(patience)
            said += f"; ended with status {status} after {adapter.since_start():.0f} ms"
        except subprocess.TimeoutExpired:
            said += "; goes on"
    is_fine = "answered" in said and "goes on" in said
    report.fact("nothing there at start", said, is_fine or not isinstance(side, Ours), side.name)


def lost_and_back(report, side):
    """The other end is killed between two calls, and started again."""
    with side.adapter() as adapter:
        adapter.begin()
        adapter.initialized()
        adapter.ask("tools/list", {})
        adapter.call()
        side.kill_server()
        said, _ = outcome(adapter)
        report.fact("killed, next call", said, side=side.name)
        side.start_server()
        time.sleep(BACK_SECONDS)
        outcomes = [outcome(adapter), outcome(adapter)]
        is_fine = all(succeeded for _, succeeded in outcomes)
        said = "; ".join(said for said, _ in outcomes)
        report.fact("back, two calls", said, is_fine or not isinstance(side, Ours), side.name)


def outcome(adapter):
    """What becomes of a call, in words, and whether it succeeded."""
    try:
        answer, took = adapter.call(patience=LOST_SECONDS)
    except (EOFError, BrokenPipeError):
        return "the adapter ended", False
    except TimeoutError:
        return f"no answer within {LOST_SECONDS} s", False
    if "error" in answer or answer["result"].get("isError"):
        return f"{took:.0f} ms, {text_of(answer)!r}", False
    return f"{took:.0f} ms", True


def memory(report, what, side, samples, budget):
    report.row(f"{what}, RSS", [sample.rss for sample in samples], "MiB", budget if isinstance(side, Ours) else None, side=side.name)
    report.row(f"{what}, PSS", [sample.pss for sample in samples], "MiB", side=side.name)
    report.row(f"{what}, private", [sample.private for sample in samples], "MiB", side=side.name)
