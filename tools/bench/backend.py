"""The servers behind what is measured: one as people write them, and one that is never what a throughput is limited by."""

import pathlib
import subprocess
import sys
import urllib.parse

from peers import clients, node
from programs import TARGET, end

HERE = pathlib.Path(__file__).resolve().parent
TOOL = "ask_memory"
ARGUMENT = "question"


class Backend:
    """Express and the SDK of MCP. Runs on any free port the first time, on the same one later."""

    port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end()

    def command(self):
        return [node(), HERE / "backend.mjs", clients(), str(self.port)]

    def start(self):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            sys.exit("the backend did not start")
        self.port = urllib.parse.urlsplit(self.url).port

    def end(self):
        end(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


class FastBackend(Backend):
    """A program of ours that does nothing but answer, compiled when it is needed."""

    def __init__(self):
        source = HERE / "backend.rs"
        self.program = TARGET / "bench-backend"
        if not self.program.is_file() or self.program.stat().st_mtime < source.stat().st_mtime:
            command = ["rustc", "--edition", "2024", "-C", "opt-level=3", "-o", self.program, source]
            if subprocess.run(command).returncode:
                sys.exit(f"{source} cannot be compiled")

    def command(self):
        return [self.program, str(self.port)]

    def over_stdio(self):
        """The same program, on its standard streams."""
        return [self.program, "stdio"]
