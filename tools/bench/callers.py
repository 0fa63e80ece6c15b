"""Who calls tools: an app over the standard streams of an adapter, and one over HTTP. Both begin as apps do, and time
every call."""

import contextlib
import http.client
import json
import os
import subprocess
import threading
import time
import urllib.parse

from backend import ARGUMENT, TOOL
from programs import PATIENCE, end, family, footprint_mib

VERSION = "2025-06-18"
CALLS = 200
P50, P95 = 100, 190  # of so many, sorted
TEXT = "x" * 100
SETTLED_SECONDS = 1.5
LONGEST_EXIT = 5  # seconds


class Caller:
    """Numbers its requests; a subclass has `exchange`, which sends a message and returns the answer, if there is one."""

    number = 0

    def ask(self, method, params):
        """The result or the error, and the milliseconds it took."""
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        started = time.perf_counter()
        answer = self.exchange(message)
        took = (time.perf_counter() - started) * 1000
        if answer.get("id") != self.number:
            raise RuntimeError(f"the answer to {method} is {answer}")
        return answer, took

    def begin(self, client="Bench"):
        about = {"name": client, "version": "1"}
        return self.ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about})

    def call(self):
        return self.ask("tools/call", {"name": TOOL, "arguments": {ARGUMENT: TEXT}})

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
            command, env=basic | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

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
        self.process.stdin.flush()

    def exchange(self, message):
        self.send(message)
        watch = threading.Timer(PATIENCE, self.process.kill)
        watch.start()
        try:
            # What was not asked for, such as that there are other tools now, is passed over.
            while line := self.process.stdout.readline():
                answer = json.loads(line)
                if "id" in answer and "method" not in answer:
                    return answer
            raise EOFError("the adapter ended")
        finally:
            watch.cancel()

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
    """One connection that is kept."""

    def __init__(self, url, **headers):
        parts = urllib.parse.urlsplit(url)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        self.headers = headers | {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def exchange(self, message):
        self.connection.request("POST", self.path, json.dumps(message).encode(), self.headers)
        reply = self.connection.getresponse()
        body = reply.read().decode()
        if reply.status >= 400:
            raise RuntimeError(f"{self.path} answered {reply.status}: {body[:300]}")
        if session := reply.headers.get("Mcp-Session-Id"):
            self.headers |= {"Mcp-Session-Id": session, "MCP-Protocol-Version": VERSION}
        if reply.headers.get_content_type() == "text/event-stream":
            events = [line[5:] for line in body.splitlines() if line.startswith("data:") and line[5:].strip()]
            body = events[-1]
        return json.loads(body) if body else {}

    def initialized(self):
        with contextlib.suppress(json.JSONDecodeError):
            self.exchange({"jsonrpc": "2.0", "method": "notifications/initialized"})
