"""Requests per second with many connections: tool calls with a token through the bridge, beside what others offer HTTP with,
nginx that only passes on, and the backend alone.

wrk asks and a small program of ours answers, both on the same computer, so none of the figures is that of a server which
has the computer to itself; they compare. mcp-proxy and supergateway offer HTTP only for programs on standard streams: behind
them the same backend runs as one.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import urllib.request

import peers
from access import token
from backend import FastBackend
from callers import CALL, TEXT, Http, text_of
from programs import end, family, footprint_mib, until
from serve import Bridge

ROUNDS = int(os.environ.get("JEAN_BRIDGE_BENCH_LOADS", "5"))
CONNECTIONS = 64
SECONDS = 4
WARM_SECONDS = 1
THREADS = 1  # of wrk; one asks several times more than anything but the backend alone answers
BUDGET_OF_NGINX = 0.5
BUDGET_OF_MCP_PROXY = 10
KEY = "jean_sk_bench_0123456789abcdef"  # of nobody
SECRET = "a-secret-of-the-bench-with-more-than-32-bytes"

# Within an MCP session no two requests may have the same id, and all ids have the same length.
SCRIPT = """
wrk.method = "POST"
wrk.body = {body}
{headers}
local before, after, number, threads
function setup(thread)
  threads = (threads or 0) + 1
  thread:set("first", threads * 1000000000)
end
function init()
  before, after = wrk.format():match("^(.*)1000000000(.*)$")
  number = first
end
function request()
  number = number + 1
  return before .. string.format("%d", number) .. after
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("JSON{{\\"requests\\":%d,\\"us\\":%d,\\"failed\\":%d,\\"p50\\":%d,\\"p99\\":%d}}\\n", summary.requests,
    summary.duration, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
"""
FIRST_ID = 1_000_000_000

NGINX = """
daemon off;
worker_processes auto;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  upstream backend {{ server {backend}; keepalive 64; }}
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


class Target:
    """Something that answers tool calls over HTTP, with an MCP session where it has them."""

    def __init__(self, name, url, process=None, **headers):
        self.name, self.process = name, process
        self.caller = Http(url, **headers)
        self.url = url
        self.caller.begin()
        self.caller.initialized()
        self.check()

    def check(self):
        # A connection that nobody has used for seconds may have been closed.
        self.caller.connect()
        answer, _ = self.caller.call()
        if text_of(answer) != TEXT:
            raise RuntimeError(f"{self.name} answered {answer}")

    def load(self, seconds):
        body = json.dumps({"jsonrpc": "2.0", "id": FIRST_ID, "method": "tools/call", "params": CALL})
        headers = "\n".join(f"wrk.headers[{lua(name)}] = {lua(value)}" for name, value in self.caller.headers.items())
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(SCRIPT.format(body=lua(body), headers=headers))
            script.flush()
            command = ["wrk", "-t", THREADS, "-c", CONNECTIONS, "-d", f"{seconds}s", "--timeout", "10s", "-s", script.name, self.url]
            done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout.partition("JSON")[2])


def lua(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def server(command, port, home):
    process = subprocess.Popen(
        [str(word) for word in command],
        env={"PATH": os.environ["PATH"], "HOME": home},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home,
    )
    try:
        until(lambda: listens(port), f"{pathlib.Path(str(command[0])).name} to listen")
        yield process
    finally:
        end(process)


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def measure(report):
    with FastBackend() as backend, contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="jean-bridge-bench-", ignore_cleanup_errors=True))
        targets = all_targets(stack, backend, home)
        rounds(report, backend, targets)


def all_targets(stack, backend, home):
    """Ours first, then what it is compared with."""
    environment = {"JEAN_BRIDGE_API_BASE_URL": backend.url, "JEAN_BRIDGE_API_KEY": KEY, "JWT_SECRET_KEY": SECRET}
    bridge = stack.enter_context(Bridge(**environment))
    ours = Target("jean-bridge", f"{bridge.url}/mcp", bridge.process, Authorization=f"Bearer {token(bridge)}")

    place, port = tempfile.mkdtemp(dir=home), free_port()
    configuration = pathlib.Path(place) / "nginx.conf"
    configuration.write_text(NGINX.format(home=place, port=port, backend=backend.url.removeprefix("http://")))
    # -e: before it has read the configuration it would open the log of the system.
    command = [peers.nginx(), "-p", place, "-e", f"{place}/error.log", "-c", configuration]
    process = stack.enter_context(server(command, port, place))
    nginx = Target("nginx", f"http://127.0.0.1:{port}/mcp/messages/", process)

    others = []
    for name, serving in (("mcp-proxy", peers.mcp_proxy_serving), ("supergateway", peers.supergateway_serving)):
        port = free_port()
        process = stack.enter_context(server(serving(backend.over_stdio(), port), port, tempfile.mkdtemp(dir=home)))
        others.append(Target(name, f"http://127.0.0.1:{port}/mcp", process))
    return [ours, nginx, *others, Target("the backend alone", f"{backend.url}/mcp/messages/")]


def rounds(report, backend, targets):
    taken = {target: [] for target in targets}
    arrived = 0
    for number in range(ROUNDS + 1):
        for target in targets:
            if number == 0:
                target.load(WARM_SECONDS)
                continue
            before = answered(backend)
            load = target.load(SECONDS)
            taken[target].append(load)
            if target is targets[0]:
                # Not only answered with 200, but carried out.
                arrived += answered(backend) - before
    ours, nginx, mcp_proxy = targets[:3]
    report.note(
        f"Requests per second, {CONNECTIONS} connections",
        f"tools/call with an argument of 100 letters, for {SECONDS} s by wrk with {THREADS} thread, in turns; wrk and the backend "
        f"use the same processor cores. jean-bridge checks a token and speaks MCP, nginx passes the same request on with "
        f"proxy_pass and checks nothing, mcp-proxy and supergateway speak MCP, check no token, and run the backend on standard "
        f"streams. The backend does nothing but answer; it is also measured alone.",
    )

    def rate(load):
        return load["requests"] * 1e6 / load["us"]

    def times(target):
        """Of the same round."""
        return [rate(one) / rate(other) for one, other in zip(taken[ours], taken[target], strict=True)]

    for target in targets:
        report.row("requests per second", [rate(load) for load in taken[target]], "/s", digits=0, side=target.name)
    for what in ("p50", "p99"):
        for target in targets:
            report.row(f"answer {what}", [load[what] / 1000 for load in taken[target]], "ms", digits=2, side=target.name)
    for target in targets:
        target.check()
        failed = sum(load["failed"] for load in taken[target])
        asked = sum(load["requests"] for load in taken[target])
        report.fact("failed", f"{failed} of {asked}", failed == 0 or target is not ours, target.name)
        if target.process:
            memory = footprint_mib(family(target.process.pid))
            report.row("memory after it, RSS", [memory.rss], "MiB", side=target.name)
    asked = sum(load["requests"] for load in taken[ours])
    # wrk leaves its last requests unanswered.
    is_fine = asked <= arrived <= asked + ROUNDS * CONNECTIONS
    report.fact("carried out by the backend", f"{arrived} of {asked} answered", is_fine, ours.name)

    report.note("The bridge in comparison", "Requests per second of the same round, divided.")
    report.row("of nginx, which checks nothing", times(nginx), "×", BUDGET_OF_NGINX, 2, ours.name, at_least=True)
    report.row("of mcp-proxy", times(mcp_proxy), "×", BUDGET_OF_MCP_PROXY, 1, ours.name, at_least=True)
    report.row("of supergateway", times(targets[3]), "×", None, 1, ours.name)


def answered(backend):
    with urllib.request.urlopen(f"{backend.url}/count") as reply:
        return int(reply.read())
