"""The tray app on a throw-away desktop: its start, its consent window, its memory before, with and after one.

The app is started as at login, without a window. `painted` is when letters are in the middle of the screen, seen from
outside; the app's own figure, from its log, stands below it.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

from desktop import Desktop
from programs import PATIENCE, end, family, first_answer, memory_mib, program, until

SIDE = "app"
STARTS = 10
ROUNDS = 3
LATER_WINDOWS = 4
IDLE_SECONDS = 10
SETTLED_SECONDS = 5
SCREEN_PAUSE = 0.02  # between two looks, which cost the machine some milliseconds each
BUDGET_FIRST_ANSWER_MS = 120
BUDGET_IDLE_PSS_MIB = 90
BUDGET_NO_WINDOW_PSS_MIB = 70
BUDGET_PAINTED_MS = 500
REDIRECT_URI = "http://127.0.0.1:1/callback"  # never opened
PAINTED = re.compile(r"the consent window is painted.* ms=(\d+)")


class App:
    """The running app, with a home of its own."""

    def __init__(self, desktop):
        self.desktop = desktop

    def __enter__(self):
        self.home = tempfile.mkdtemp(dir=self.desktop.home)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = self.desktop.environment | {
            "JEAN_BRIDGE_HOME": self.home,
            "JEAN_BRIDGE_PORT": str(self.port),
            "JEAN_BRIDGE_LOG": "debug",
            "JEAN_BRIDGE_API_BASE_URL": "sandbox",
        }
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [program("jean-memory-bridge"), "--background"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        first_answer(self.port)
        self.first_answer_ms = (time.perf_counter() - started) * 1000
        return self

    def __exit__(self, *_):
        end(self.process)
        shutil.rmtree(self.home, ignore_errors=True)

    def memory_mib(self):
        return memory_mib(family(self.process.pid))

    def http(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            return connection.getresponse().read()

    def register(self):
        document = {"client_name": "Bench", "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none"}
        reply = self.http("POST", "/oauth/register", json.dumps(document), {"Content-Type": "application/json"})
        return json.loads(reply)["client_id"]

    @contextlib.contextmanager
    def question(self, client_id):
        """Asks for access and gives the milliseconds until that is on the screen; refuses in the end."""
        until(lambda: not self.desktop.screen.shows_letters(), "an empty screen")
        verifier = hashlib.sha256(secrets.token_bytes(32)).digest()
        parameters = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
            "code_challenge": base64.urlsafe_b64encode(verifier).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": secrets.token_hex(8),
        }
        path = "/oauth/authorize?" + urllib.parse.urlencode(parameters)
        # The bridge holds the answer back until a person has decided.
        asking = threading.Thread(target=self.http, args=("GET", path), daemon=True)
        started = time.perf_counter()
        asking.start()
        until(self.desktop.screen.shows_letters, "the consent window", pause=SCREEN_PAUSE)
        yield (time.perf_counter() - started) * 1000
        for request in json.loads(self.command("requests", "--json")):
            self.command("deny", request["code"])
        asking.join()
        until(lambda: not self.desktop.screen.shows_letters(), "the window to go")

    def command(self, *arguments):
        done = subprocess.run(
            [program("jean-bridge"), *arguments], env=self.environment, stdout=subprocess.PIPE, check=True, timeout=PATIENCE
        )
        return done.stdout

    def painted_by_its_log(self):
        log = next(path for path in self.desktop.home.glob("**/jean-bridge.log") if str(path).startswith(self.home))
        return [int(ms) for ms in PAINTED.findall(log.read_text())]


def measure(report):
    starts, first, later, logged = [], [], [], []
    before, during, after = [], [], []
    with Desktop() as desktop:
        for _ in range(STARTS):
            with App(desktop) as app:
                starts.append(app.first_answer_ms)
        for _ in range(ROUNDS):
            with App(desktop) as app:
                time.sleep(IDLE_SECONDS)
                before.append(app.memory_mib())
                client_id = app.register()
                with app.question(client_id) as painted:
                    first.append(painted)
                    time.sleep(SETTLED_SECONDS)
                    during.append(app.memory_mib())
                time.sleep(SETTLED_SECONDS)
                after.append(app.memory_mib())
                for _ in range(LATER_WINDOWS):
                    with app.question(client_id) as painted:
                        later.append(painted)
                logged.extend(app.painted_by_its_log())
    report.note(
        "On a throw-away desktop",
        f"Started as at login, without a window, on an X server without a screen. 'Painted' is when letters are in the middle of "
        f"the screen, seen from outside, and again by the app's own log. Memory is that of the app and its child processes: "
        f"{IDLE_SECONDS} s after the start, with the consent window open, and {SETTLED_SECONDS} s after it was closed.",
    )
    report.row("start to first answer", starts, "ms", BUDGET_FIRST_ANSWER_MS, side=SIDE)
    report.row("asked to painted, first window since the start", first, "ms", BUDGET_PAINTED_MS, side=SIDE)
    report.row("asked to painted, later windows", later, "ms", BUDGET_PAINTED_MS, side=SIDE)
    report.row("asked to painted, all windows, by its own log", logged, "ms", side=SIDE)
    memory(report, "memory idle, no window yet", before, BUDGET_NO_WINDOW_PSS_MIB)
    memory(report, "memory, consent window open", during)
    memory(report, "memory idle, after a window", after, BUDGET_IDLE_PSS_MIB)


def memory(report, what, samples, budget=None):
    report.row(f"{what}, PSS", [pss for _rss, pss in samples], "MiB", budget, side=SIDE)
    report.row(f"{what}, RSS", [rss for rss, _pss in samples], "MiB", side=SIDE)
