"""Ten clients as people have them: six over HTTP, three adapters, and one that does everything wrong. Each works in a
thread of its own until it is told to stop, and counts what it did."""

import collections
import contextlib
import http.client
import json
import random
import secrets
import socket
import threading
import time
import urllib.parse

from access import load_client
from callers import Http, Stdio, text_of
from programs import PATIENCE, program
from upstream import READS, WRITES

OAUTH = load_client()
MODERN = "2026-07-28"
PAUSE = (0.15, 0.45)  # seconds between two calls: a busy agent
CALLS_OF_A_SESSION = 6
REFRESH_SECONDS = 45
CALLS_OF_A_LIFE = 4
NEWCOMER_SECONDS = 20
TROUBLE_SECONDS = (0.3, 1.2)


class Tally:
    """What all clients together did."""

    def __init__(self):
        self.counts, self.failures = collections.Counter(), []
        self.lock = threading.Lock()

    def add(self, what):
        with self.lock:
            self.counts[what] += 1

    def fail(self, text):
        with self.lock:
            self.counts["failures"] += 1
            if len(self.failures) < 20:
                self.failures.append(text)


class Worker:
    """A client with a name and a thread."""

    def __init__(self, name, world):
        self.name, self.world = name, world
        self.random = random.Random(name)
        self.thread = threading.Thread(target=self.run, name=name, daemon=True)

    def run(self):
        while not self.world.stopping.is_set():
            try:
                self.live()
            except Exception as error:
                self.world.tally.fail(f"{self.name}: {type(error).__name__}: {error}")
                # A client that fails at once must not fill the half hour with it.
                self.world.stopping.wait(1)

    def pause(self, between=PAUSE):
        return not self.world.stopping.wait(self.random.uniform(*between))

    def call(self, caller):
        """One call, which must do what it is told, or say why not while Jean Memory is away."""
        reads = self.random.random() < 0.7
        text = f"{self.name} {secrets.token_hex(40)}"
        tool, argument = (READS, "question") if reads else (WRITES, "text")
        began = time.monotonic()
        answer, _took = caller.ask("tools/call", {"name": tool, "arguments": {argument: text}})
        self.judge(answer, text, began)

    def judge(self, answer, text, began):
        if "result" in answer and not answer["result"].get("isError") and text_of(answer) == text:
            self.world.tally.add("calls answered")
        elif self.world.upstream.worked_since(began):
            self.world.tally.fail(f"{self.name}: a call was answered with {json.dumps(answer)[:300]}")
        else:
            self.world.tally.add("calls told of an outage")


class SignedIn(Http):
    """One client over HTTP, with the words of its revision."""

    def __init__(self, url, revision, token):
        super().__init__(url, Authorization=f"Bearer {token}")
        self.revision = revision
        if revision == MODERN:
            self.headers["MCP-Protocol-Version"] = revision

    def ask(self, method, params):
        if self.revision == MODERN:
            about = {"name": "soak", "version": "1"}
            params = params | {
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": MODERN,
                    "io.modelcontextprotocol/clientInfo": about,
                    "io.modelcontextprotocol/clientCapabilities": {},
                }
            }
            self.headers["Mcp-Method"] = method
            self.headers.pop("Mcp-Name", None)
            self.headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
        return super().ask(method, params)

    def open(self):
        """A session, where the revision has them."""
        if self.revision != MODERN:
            about = {"name": "soak", "version": "1"}
            self.ask("initialize", {"protocolVersion": self.revision, "capabilities": {}, "clientInfo": about})
            self.headers["MCP-Protocol-Version"] = self.revision
            self.initialized()

    def close_session(self):
        with contextlib.closing(self.another_connection()) as connection:
            connection.request("DELETE", self.address.path, headers=self.headers)
            reply = connection.getresponse()
            if reply.status not in (200, 202, 204):
                raise RuntimeError(f"the end of a session was answered with {reply.status}")

    def another_connection(self):
        """For what is no call."""
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=PATIENCE)


class HttpClient(Worker):
    """Opens a session, works in it, and closes it every other time; its tokens are refreshed by and by."""

    def __init__(self, name, world, revision, listens=False):
        super().__init__(name, world)
        self.revision, self.listens = revision, listens
        self.grant = OauthClient(world.bridge.url, name)
        self.grant.sign_in()
        self.refreshed = time.monotonic() - self.random.uniform(0, REFRESH_SECONDS)

    def live(self):
        self.refresh_in_time()
        caller = SignedIn(self.grant.resource, self.revision, self.grant.token)
        with caller, contextlib.ExitStack() as stack:
            caller.open()
            self.world.tally.add("sessions")
            if self.listens:
                stack.enter_context(listening(caller))
                self.world.tally.add("streams")
            self.list(caller)
            for _ in range(CALLS_OF_A_SESSION):
                self.call(caller)
                if not self.pause():
                    break
            if self.revision != MODERN and self.random.random() < 0.5:
                caller.close_session()

    def list(self, caller):
        began = time.monotonic()
        answer, _took = caller.ask("tools/list", {})
        if "result" in answer and answer["result"]["tools"]:
            self.world.tally.add("lists")
        elif self.world.upstream.worked_since(began):
            self.world.tally.fail(f"{self.name}: a list was answered with {json.dumps(answer)[:300]}")

    def refresh_in_time(self):
        if time.monotonic() - self.refreshed > REFRESH_SECONDS:
            self.grant.refresh()
            self.refreshed = time.monotonic()
            self.world.tally.add("refreshes")


class OauthClient:
    """Registers, asks for access, and keeps its tokens."""

    def __init__(self, url, name):
        self.name = name
        self.resource, self.server = OAUTH.discover(f"{url}/mcp")
        asked = {
            "client_name": name,
            "redirect_uris": [OAUTH.REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        self.id = OAUTH.post_json(self.server["registration_endpoint"], asked).expect(201).json()["client_id"]

    def sign_in(self):
        code, verifier = OAUTH.authorize(self.server, self.id, self.resource)
        fields = {"redirect_uri": OAUTH.REDIRECT_URI, "resource": self.resource, "code": code}
        self.take("authorization_code", code_verifier=verifier, **fields)

    def refresh(self):
        self.take("refresh_token", refresh_token=self.refresh_token)

    def take(self, grant_type, **fields):
        answer = OAUTH.post_form(self.server["token_endpoint"], grant_type=grant_type, client_id=self.id, **fields)
        tokens = answer.expect(200).json()
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def give_back(self):
        fields = {"client_id": self.id, "token": self.refresh_token}
        OAUTH.post_form(self.server["revocation_endpoint"], **fields).expect(200)


@contextlib.contextmanager
def listening(caller):
    """The stream of a session, open meanwhile and dropped then."""
    with contextlib.closing(caller.another_connection()) as connection:
        connection.request("GET", caller.address.path, headers=caller.headers | {"Accept": "text/event-stream"})
        reply = connection.getresponse()
        if reply.status != 200:
            raise RuntimeError(f"a stream was answered with {reply.status}")
        yield


def adapter(world):
    environment = {"HOME": world.bridge.home, "JEAN_BRIDGE_HOME": world.bridge.home}
    return Stdio([program("jean-bridge"), "stdio"], **environment)


class AdapterClient(Worker):
    """An app whose adapter runs all the time."""

    def __init__(self, name, world):
        super().__init__(name, world)
        self.adapter = adapter(world)
        self.adapter.begin(name)
        self.adapter.initialized()

    def live(self):
        while self.pause():
            self.call(self.adapter)


class RestartingClient(Worker):
    """An app that starts its adapter for a few calls, and ends it well or kills it."""

    def live(self):
        with adapter(self.world) as started:
            self.world.tally.add("adapters started")
            started.begin(self.name)
            started.initialized()
            for _ in range(CALLS_OF_A_LIFE):
                self.call(started)
                if not self.pause():
                    break
            if self.random.random() < 0.5:
                if self.random.random() < 0.5:
                    # In the middle of something.
                    started.send({"jsonrpc": "2.0", "id": 1000, "method": "tools/list", "params": {}})
                started.process.kill()
                started.process.wait()
                started.process.stdin.close()


class Troublemaker(Worker):
    """Hangs up in the middle of everything, drops streams, and brings tokens that are none."""

    def __init__(self, name, world):
        super().__init__(name, world)
        self.grant = OauthClient(world.bridge.url, name)
        self.grant.sign_in()
        parts = urllib.parse.urlsplit(self.grant.resource)
        self.address, self.path = (parts.hostname, parts.port), parts.path
        self.started = time.monotonic()

    def live(self):
        acts = [self.leave_a_call, self.leave_half_a_request, self.bring_wrong_tokens, self.drop_a_stream, self.talk_nonsense]
        while self.pause(TROUBLE_SECONDS):
            self.random.choice(acts)()
            self.world.tally.add("troubles")
            if time.monotonic() - self.started > REFRESH_SECONDS:
                self.grant.refresh()
                self.started = time.monotonic()

    def words(self, body, token=None, **headers):
        head = {
            "Host": f"{self.address[0]}:{self.address[1]}",
            "Authorization": f"Bearer {token or self.grant.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Content-Length": str(len(body)),
        } | headers
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", body]
        return "\r\n".join(lines).encode()

    def send(self, data, waits=False):
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.sendall(data)
            return connection.recv(100) if waits else b""

    def a_call(self):
        arguments = {"text": f"{self.name} {secrets.token_hex(40)}"}
        about = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
        about["io.modelcontextprotocol/clientInfo"] = {"name": "soak", "version": "1"}
        params = {"name": WRITES, "arguments": arguments, "_meta": about}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})

    def leave_a_call(self):
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": WRITES}
        self.send(self.words(self.a_call(), **headers))

    def leave_half_a_request(self):
        whole = self.words(self.a_call())
        self.send(whole[: self.random.randrange(1, len(whole))])

    def bring_wrong_tokens(self):
        token = self.grant.token[:-4] + "AAAA" if self.random.random() < 0.5 else secrets.token_urlsafe(60)
        answer = self.send(self.words(self.a_call(), token=token), waits=True)
        if not answer.startswith(b"HTTP/1.1 401"):
            self.world.tally.fail(f"{self.name}: a wrong token was answered with {answer[:40]!r}")

    def drop_a_stream(self):
        caller = SignedIn(self.grant.resource, "2025-06-18", self.grant.token)
        with caller:
            caller.open()
            with listening(caller):
                pass

    def talk_nonsense(self):
        answer = self.send(self.words('{"jsonrpc": "2.0", "method": 7, "id"'), waits=True)
        if not answer.startswith(b"HTTP/1.1 400"):
            self.world.tally.fail(f"{self.name}: nonsense was answered with {answer[:40]!r}")


class Newcomers(Worker):
    """Now and then somebody new asks, is allowed or not, and gives back what it got."""

    number = 0

    def live(self):
        while not self.world.stopping.wait(NEWCOMER_SECONDS):
            self.number += 1
            newcomer = OauthClient(self.world.bridge.url, f"Newcomer {self.number}")
            if self.number % 6 == 0:
                self.world.person.refused.add(newcomer.name)
            try:
                newcomer.sign_in()
                caller = SignedIn(newcomer.resource, MODERN, newcomer.token)
                with caller:
                    self.call(caller)
                newcomer.give_back()
                self.world.tally.add("newcomers allowed")
            except OAUTH.Failed as failed:
                if newcomer.name not in self.world.person.refused or "access_denied" not in str(failed):
                    raise
                self.world.tally.add("newcomers refused")


class Person(Worker):
    """Answers whoever asks."""

    def __init__(self, name, world):
        super().__init__(name, world)
        self.refused = set()

    def live(self):
        while self.pause((0.5, 1)):
            for request in json.loads(self.world.bridge.command("requests", "--json")):
                answer = "deny" if request["client_name"] in self.refused else "approve"
                self.world.bridge.command(answer, request["code"])
                self.world.tally.add("questions answered")
