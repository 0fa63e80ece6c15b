"""Who calls tools: an app over the standard streams of an adapter, and one over HTTP. Both begin as apps do, and time
every call."""

import contextlib
import itertools
import json
import os
import re
import select
import socket
import subprocess
import time
import urllib.parse

from backend import ARGUMENT, TOOL
from programs import PATIENCE, end, family, footprint_mib

VERSION = "2025-06-18"
CALLS = 200
P50, P95 = 100, 190  # of so many, sorted
TEXT = "x" * 100
CALL = {"name": TOOL, "arguments": {ARGUMENT: TEXT}}
SETTLED_SECONDS = 1.5
LONGEST_EXIT = 5  # seconds


class Caller:
    """Numbers its requests; a subclass has `exchange`, which sends a message and returns the answer, if there is one."""

    number = 0

    def ask(self, method, params, **how):
        """The result or the error, and the milliseconds it took."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        started = time.perf_counter()
        answer = self.exchange(message, **how)
        took = (time.perf_counter() - started) * 1000
        if answer.get("id") != self.number:
            raise RuntimeError(f"the answer to {method} is {answer}")
        return answer, took

    def begin(self, client="Bench", **how):
        about = {"name": client, "version": "1"}
        return self.ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about}, **how)

    def call(self, **how):
        return self.ask("tools/call", CALL, **how)

    def calls(self):
        """Many one after the other: the middle one and the slow ones, in milliseconds."""
        times = []
        for _ in range(CALLS):
            answer, took = self.call()
            if text_of(answer) != TEXT:
                raise RuntimeError(f"the call was answered with {answer}")
            times.append(took)
        times.sort()
        return times[P50], times[P95]


def text_of(answer):
    """What a call was answered with, for better or worse."""
    if "error" in answer:
        return answer["error"]["message"]
    return "".join(item.get("text", "") for item in answer["result"]["content"])


class Stdio(Caller):
    """An adapter as an app runs it. The clock starts before it does."""

    def __init__(self, command, **environment):
        basic = {"PATH": os.environ["PATH"]}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, env=basic | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()
            end(self.process)
        self.process.stdout.close()

    def since_start(self):
        return (time.perf_counter() - self.started) * 1000

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")

    def exchange(self, message, patience=PATIENCE):
        self.send(message)
        # What was not asked for, such as that there are other tools now, is passed over, and what comes too late.
        while True:
            answer = json.loads(self.line(patience))
            if answer.get("id") == message["id"] and "method" not in answer:
                return answer

    def line(self, patience=PATIENCE):
        while b"\n" not in self.received:
            if not select.select([self.process.stdout], [], [], patience)[0]:
                raise TimeoutError(f"no answer within {patience} s")
            more = self.process.stdout.read(65536)
            if not more:
                raise EOFError("the adapter ended")
            self.received += more
        line, _, self.received = self.received.partition(b"\n")
        return line

    def calls_at_once(self, calls, most_open):
        """Calls per second, while so many wait for their answer at any time."""
        numbers = iter(range(self.number + 1, self.number + 1 + calls))
        self.number += calls
        message = json.dumps({"jsonrpc": "2.0", "id": "NUMBER", "method": "tools/call", "params": CALL})

        def ask(count):
            for number in itertools.islice(numbers, count):
                self.process.stdin.write(message.replace('"NUMBER"', str(number)).encode() + b"\n")

        started = time.perf_counter()
        ask(most_open)
        answered = 0
        while answered < calls:
            # Reading JSON is not what is measured: only whose lines are no answers are told apart.
            line = self.line()
            if b'"result"' in line:
                if TEXT.encode() not in line:
                    raise RuntimeError(f"the call was answered with {line}")
                answered += 1
                ask(1)
            elif b'"error"' in line:
                raise RuntimeError(f"the call was answered with {line}")
        return calls / (time.perf_counter() - started)

    def initialized(self):
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def footprint_mib(self):
        return footprint_mib(family(self.process.pid))

    def exit_ms(self):
        """From the end of its input to its own, as long as anybody waits for that."""
        closed = time.perf_counter()
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(LONGEST_EXIT)
        return (time.perf_counter() - closed) * 1000


class Http(Caller):
    """One connection that is kept. It does little itself: what a client takes for itself would be measured too."""

    def __init__(self, url, **headers):
        self.address = urllib.parse.urlsplit(url)
        self.headers = headers | {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self.connection = None
        self.connect()

    def connect(self):
        if self.connection:
            self.connection.close()
        self.connection = socket.create_connection((self.address.hostname, self.address.port), PATIENCE)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def exchange(self, message):
        head, body = self.post(json.dumps(message).encode())
        if session := header(head, b"mcp-session-id"):
            self.headers |= {"Mcp-Session-Id": session, "MCP-Protocol-Version": VERSION}
        if header(head, b"content-type").startswith("text/event-stream"):
            events = [line[5:] for line in body.splitlines() if line.startswith(b"data:") and line[5:].strip()]
            body = events[-1]
        return json.loads(body) if body else {}

    def post(self, body):
        """The head of the answer and its body."""
        lines = [f"POST {self.address.path} HTTP/1.1", f"Host: {self.address.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        received = self.receive(b"", lambda received: b"\r\n\r\n" in received)
        head, _, body = received.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            body = dechunked(self.receive(body, lambda received: received.endswith(b"0\r\n\r\n")))
        else:
            length = int(header(head, b"content-length") or 0)
            body = self.receive(body, lambda received: len(received) >= length)
        if status >= 400:
            raise RuntimeError(f"{self.address.path} answered {status}: {body[:300]}")
        return head, body

    def receive(self, received, is_all):
        while not is_all(received):
            more = self.connection.recv(65536)
            if not more:
                raise EOFError("the connection ended")
            received += more
        return received

    def initialized(self):
        self.exchange({"jsonrpc": "2.0", "method": "notifications/initialized"})


def header(head, name):
    found = re.search(rb"(?im)^" + name + rb":[ \t]*([^\r]*)", head)
    return found[1].decode() if found else ""


def dechunked(body):
    parts = []
    while body:
        length, _, body = body.partition(b"\r\n")
        size = int(length, 16)
        parts.append(body[:size])
        body = body[size + 2 :]
    return b"".join(parts)
