"""A home that years have filled beside one that is nearly empty: the same calls, in turns.

Both have one client that is used here, tokens of it that the bridge has not seen since its start, and clients to be revoked. The
full one has 10 000 clients, 100 000 grants that are alive, and 1 000 000 calls of the last month besides.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import filling
import hot_path
from access import load_client, sign_in
from backend import FastBackend
from callers import Http, text_of
from load import KEY, SECRET, free_port
from programs import PATIENCE, memory_mib, until
from serve import Bridge

STARTS = 5
CALL_ROUNDS = 3
SIGN_INS = 30
COMMANDS = 7
IDLE_SECONDS = 3
BUDGET = 1.5  # times
UNSEEN_MS = 2


class Home:
    """One of the two, with a bridge that is started and ended."""

    def __init__(self, name, backend, place):
        self.name, self.home = name, tempfile.mkdtemp(dir=place)
        self.environment = {
            **{"JEAN_BRIDGE_API_BASE_URL": backend.url, "JEAN_BRIDGE_API_KEY": KEY, "JWT_SECRET_KEY": SECRET},
            # Tokens are good for the address for which they were issued.
            "JEAN_BRIDGE_PORT": str(free_port()),
        }
        with self.bridge() as bridge:
            self.grant = sign_in(bridge)
        self.file = next(pathlib.Path(self.home).glob("**/bridge.db"))
        self.values, self.shown = {}, {}

    def bridge(self):
        return Bridge(self.home, **self.environment)

    def add(self, what, values):
        self.values.setdefault(what, []).extend(values)

    def size_mib(self):
        parts = self.file.parent.glob("bridge.db*")
        return sum(part.stat().st_size for part in parts) / 1024 / 1024


def measure(report):
    with FastBackend() as backend, tempfile.TemporaryDirectory(prefix="jean-bridge-bench-", ignore_cleanup_errors=True) as place:
        empty, full = Home("empty", backend, place), Home("full", backend, place)
        filling.fill(full.file)
        for home in (empty, full):
            home.tokens = filling.more_tokens(home.file, home.grant["access_token"], SECRET, SIGN_INS)
            home.revocable = filling.more_clients(home.file, COMMANDS)
        pruned = pruning(full)
        with empty.bridge():
            pass
        for _ in range(STARTS):
            for home in (empty, full):
                start(home)
        for home in (empty, full):
            with home.bridge() as bridge:
                time.sleep(IDLE_SECONDS)
                home.idle = memory_mib([bridge.process.pid])[0]
        with empty.bridge() as one, full.bridge() as other:
            both = ((empty, one), (full, other))
            for _ in range(CALL_ROUNDS):
                for home, bridge in both:
                    calls(home, bridge)
            for _ in range(SIGN_INS):
                for step in (new_token, refresh, registration, authorization):
                    for home, bridge in both:
                        step(home, bridge)
            # One after the other: a long list leaves the next one nothing in memory.
            for command in (status, clients, revoke):
                for _ in range(COMMANDS):
                    for home, bridge in both:
                        command(home, bridge)
            for home, bridge in both:
                home.used = memory_mib([bridge.process.pid])[0]
        for home in (empty, full, empty, full):
            windows(home)
        tell(report, empty, full, pruned)


def start(home):
    with home.bridge() as bridge:
        home.add("start to first answer", [bridge.first_answer_ms])
        started = time.perf_counter()
        # A token of before the start: the database is asked, after whatever it does first.
        with session(home, bridge, home.grant["access_token"]) as caller:
            caller.call()
        home.add("start to the first call", [bridge.first_answer_ms + (time.perf_counter() - started) * 1000])


@contextlib.contextmanager
def session(home, bridge, token):
    with Http(f"{bridge.url}/mcp", Authorization=f"Bearer {token}") as caller:
        caller.begin()
        caller.initialized()
        yield caller


def calls(home, bridge):
    with session(home, bridge, home.grant["access_token"]) as caller:
        p50, p95 = caller.calls()
    home.add("tool call p50", [p50])
    home.add("tool call p95", [p95])


def new_token(home, bridge):
    """Looked up in the database once."""
    with session(home, bridge, home.grant["access_token"]) as caller:
        caller.headers["Authorization"] = f"Bearer {home.tokens.pop()}"
        answer, took = caller.call()
        text_of(answer)
    home.add("tool call with a token not seen since the start", [took])


def refresh(home, bridge):
    fields = {"grant_type": "refresh_token", "client_id": home.grant["client_id"], "refresh_token": home.grant["refresh_token"]}
    reply, took = timed(bridge, "POST", "/oauth/token", urllib.parse.urlencode(fields), "application/x-www-form-urlencoded")
    home.grant |= json.loads(reply)
    home.add("refresh", [took])


def registration(home, bridge):
    document = {"client_name": "Bench", "redirect_uris": [load_client().REDIRECT_URI], "token_endpoint_auth_method": "none"}
    _, took = timed(bridge, "POST", "/oauth/register", json.dumps(document), "application/json")
    home.add("register", [took])


def authorization(home, bridge):
    """The page that a browser shows while a person is asked; each is a question of its own."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).rstrip(b"=").decode()
    parameters = {
        **{"response_type": "code", "client_id": home.grant["client_id"], "redirect_uri": load_client().REDIRECT_URI},
        **{"code_challenge": challenge, "code_challenge_method": "S256", "state": secrets.token_hex(8)},
    }
    _, took = timed(bridge, "GET", "/oauth/authorize?" + urllib.parse.urlencode(parameters))
    home.add("authorize, until the page that waits", [took])


def timed(bridge, method, path, body=None, content_type=None):
    address = urllib.parse.urlsplit(bridge.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
    headers = {"Accept": "text/html"} | ({"Content-Type": content_type} if content_type else {})
    with contextlib.closing(connection):
        started = time.perf_counter()
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        text = reply.read()
        took = (time.perf_counter() - started) * 1000
    if reply.status >= 400:
        raise RuntimeError(f"{path} answered {reply.status}: {text[:300]}")
    return text, took


def status(home, bridge):
    at_terminal(home, bridge, "jean-bridge status", "status")


def clients(home, bridge):
    at_terminal(home, bridge, "jean-bridge clients --json", "clients", "--json")


def revoke(home, bridge):
    at_terminal(home, bridge, "jean-bridge revoke", "revoke", home.revocable.pop())


def at_terminal(home, bridge, what, *arguments):
    started = time.perf_counter()
    bridge.command(*arguments)
    home.add(what, [(time.perf_counter() - started) * 1000])


def windows(home):
    """What the main window asks, inside the process; there is no way to it from outside."""
    environment = {"PATH": os.environ["PATH"], "HOME": home.home, "JEAN_BRIDGE_HOME": home.home} | home.environment
    command = [hot_path.program("large_home"), home.home]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    for line in done.stdout.splitlines():
        what, _, took = line.partition("\t")
        home.shown.setdefault(what, []).append(float(took))


def pruning(home):
    """Milliseconds from the start of a bridge until what is too old is gone, and how many calls that were."""
    oldest = int(time.time()) - filling.DAYS * filling.DAY - 1
    count = filling.calls_before(home.file, oldest)
    started = time.perf_counter()
    with home.bridge():
        until(lambda: filling.calls_before(home.file, oldest) == 0, "old calls to be forgotten")
        return count, (time.perf_counter() - started) * 1000


def tell(report, empty, full, pruned):
    report.note(
        "A home that years have filled",
        f"{filling.CLIENTS:,} clients, {filling.GRANTS:,} grants that are alive, each with tokens, and {filling.CALLS:,} calls of the "
        f"last {filling.DAYS} days, written straight into the tables of the bridge; beside a home with one client, in turns. "
        "The budget is for the ratio of the medians.",
    )
    for what in empty.values:
        compare(report, what, empty.values[what], full.values[what])
    for home in (empty, full):
        report.row("memory, idle, RSS", [home.idle], "MiB", side=home.name)
        report.row("memory after all of this, RSS", [home.used], "MiB", side=home.name)
        report.row("size of the database", [home.size_mib()], "MiB", side=home.name)
    count, took = pruned
    report.fact(f"forgetting {count:,} calls that are too old", f"gone {took:.0f} ms after the start", side="full")
    report.note(
        "What its windows ask",
        f"Inside the process, for there is no way to it from outside. What takes less than {UNSEEN_MS} ms counts as {UNSEEN_MS} ms in "
        "the ratio: no person sees it.",
    )
    for what in empty.shown:
        compare(report, what, empty.shown[what], full.shown[what], UNSEEN_MS)


def compare(report, what, empty, full, least=0):
    report.row(what, empty, "ms", digits=2, side="empty")
    report.row(what, full, "ms", digits=2, side="full")
    ratio = max(statistics.median(full), least) / max(statistics.median(empty), least)
    report.row(what, [ratio], "×", BUDGET, 2, side="full ÷ empty")
