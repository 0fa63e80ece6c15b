"""The Jean Memory of the soak: two tools that give back what they were told, and an outage now and then, each time of
another kind. It remembers every text that it was told to keep, so that a call that was sent twice is noticed."""

import collections
import http.server
import itertools
import json
import socket
import socketserver
import struct
import threading
import time

OWNER = "00000000-0000-4000-8000-000000000001"
READS, WRITES = "ask_memory", "add_memories"
GOOD_SECONDS, BAD_SECONDS = 55, 5
OUTAGES = ("refuse", "reset", "hang", "page", "half")
# What was begun before it all works again may still fail after it, and a failure to list tools holds for a second.
ECHO_SECONDS = 8


def tool(name, argument, reads):
    schema = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    return {"name": name, "description": name, "inputSchema": schema, "annotations": {"readOnly": reads}}


TOOLS = [tool(READS, "question", True), tool(WRITES, "text", False)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer({"status": "healthy"})

    def do_POST(self):
        upstream = self.server.upstream
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/sdk/validate-developer":
            return self.answer({"status": "valid", "developer_id": OWNER})
        # What arrives has arrived, whatever becomes of the answer.
        if message.get("method") == "tools/call" and message["params"]["name"] == WRITES:
            upstream.written[message["params"]["arguments"]["text"]] += 1
        outage = upstream.outage
        if outage == "hang":
            upstream.works.wait(2 * BAD_SECONDS)
        if outage == "page":
            return self.answer("<html>Bad Gateway</html>", status=502, kind="text/html")
        if outage == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"js")
        if outage:
            return self.reset()
        self.answer({"jsonrpc": "2.0", "id": message.get("id"), "result": result_of(message)})

    def answer(self, value, status=200, kind="application/json"):
        body = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def result_of(message):
    match message["method"]:
        case "initialize":
            about = {"name": "soak", "version": "1"}
            return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": about}
        case "tools/list":
            return {"tools": TOOLS}
        case "tools/call":
            (text,) = message["params"]["arguments"].values()
            return {"content": [{"type": "text", "text": text}]}
    return {}


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, upstream):
        self.upstream, self.open = upstream, set()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        # Without a farewell, which would come before a reset.
        self.open.discard(request)
        self.close_request(request)

    def handle_error(self, *_):
        """A caller who is gone is no news."""


class Upstream:
    """Runs on any free port, in this process."""

    def __init__(self):
        self.written = collections.Counter()
        self.outage, self.outages, self.works_since = None, 0, time.monotonic()
        self.works, self.ended = threading.Event(), threading.Event()
        self.works.set()
        self.listen(0)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.flap, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.hang_up()

    def listen(self, port):
        self.server = Server(("127.0.0.1", port), self)
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def hang_up(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.server.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already

    def flap(self):
        for kind in itertools.cycle(OUTAGES):
            if self.ended.wait(GOOD_SECONDS):
                return
            self.works.clear()
            self.outage = kind
            self.outages += 1
            if kind == "refuse":
                self.hang_up()
            self.ended.wait(BAD_SECONDS)
            if self.ended.is_set():
                return
            if kind == "refuse":
                self.listen(self.port)
            self.outage, self.works_since = None, time.monotonic()
            self.works.set()

    def worked_since(self, moment):
        """Whether a call that began then had no outage to meet."""
        return self.outage is None and moment > self.works_since + ECHO_SECONDS

    def written_twice(self):
        return sum(count > 1 for count in self.written.values())
