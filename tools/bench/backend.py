"""The server behind the adapters, and node with the pinned packages of tests/clients that it and mcp-remote come from."""

import functools
import pathlib
import subprocess
import sys
import urllib.parse

from programs import end

HERE = pathlib.Path(__file__).resolve().parent
INSTALL = HERE.parent.parent / "tests/clients/install"
TOOL = "ask_memory"
ARGUMENT = "question"


@functools.cache
def modules():
    done = subprocess.run([INSTALL], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("the packages of tests/clients cannot be installed")
    return pathlib.Path(done.stdout.strip()) / "node_modules"


@functools.cache
def node():
    found = [path for path in modules().glob("node-*/bin/node") if path.is_file()]
    return found[0] if found else sys.exit("there is no node for this machine in tests/clients")


def node_version():
    return subprocess.run([node(), "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def mcp_remote(url):
    """The command that an app is given to reach this address by."""
    return [node(), modules() / "mcp-remote/dist/proxy.js", url]


class Backend:
    """Runs on any free port the first time, on the same one later."""

    port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end()

    def start(self):
        command = [node(), HERE / "backend.mjs", modules(), str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            sys.exit("the backend did not start")
        self.port = urllib.parse.urlsplit(self.url).port

    def end(self):
        end(self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()
