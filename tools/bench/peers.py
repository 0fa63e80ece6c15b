"""What is installed to be measured with: the peers, pinned, and what they run on. They go to the cache, as the clients of
the tests do."""

import functools
import json
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INSTALL = HERE.parent.parent / "tests/clients/install"


@functools.cache
def folder(source):
    done = subprocess.run([INSTALL, source], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"the packages of {source} cannot be installed")
    return pathlib.Path(done.stdout.strip())


def clients():
    """The packages of the tests: node, mcp-remote, and what the backend is made with."""
    return folder(INSTALL.parent) / "node_modules"


def peers():
    return folder(HERE / "peers")


@functools.cache
def node():
    found = [path for path in clients().glob("node-*/bin/node") if path.is_file()]
    return found[0] if found else sys.exit("there is no node for this machine in tests/clients")


def python():
    return peers() / "venv/bin/python"


def mcp_remote(url):
    """The command that an app is given to reach this address by; so with the next two."""
    return [node(), clients() / "mcp-remote/dist/proxy.js", url]


def supergateway(url):
    return [*_supergateway(), "--streamableHttp", url, "--logLevel", "none"]


def mcp_proxy(url):
    return [python(), "-m", "mcp_proxy", "--transport", "streamablehttp", url]


def supergateway_serving(command, port):
    """The command that offers a program of standard streams at a port, under /mcp; so with the next one."""
    # It would listen on every address of the computer.
    return [
        *_supergateway("--import", HERE / "loopback.mjs"),
        *("--stdio", " ".join(str(word) for word in command), "--outputTransport", "streamableHttp", "--stateful"),
        *("--port", str(port), "--logLevel", "none"),
    ]


def mcp_proxy_serving(command, port):
    # With its usual log it would write a line for each request.
    return [python(), "-m", "mcp_proxy", "--host", "127.0.0.1", "--port", str(port), "--log-level", "ERROR", "--", *command]


def _supergateway(*options):
    return [node(), *options, peers() / "node_modules/supergateway/dist/index.js"]


def nginx():
    """Only ever run on a configuration of ours, at a port of ours."""
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin") or unpacked("nginx")


def unpacked(package):
    """The program of a Debian package that is not installed: installing this one would start a service."""
    place = folder(INSTALL.parent).parent / f"debian-{package}"
    program = place / "usr/sbin" / package
    if not program.is_file():
        place.mkdir(exist_ok=True)
        for command in (["apt-get", "download", "-q", package], ["sh", "-c", f"dpkg-deb -x {package}_*.deb ."]):
            if subprocess.run(command, cwd=place, stdout=sys.stderr).returncode:
                sys.exit(f"{package} is neither installed nor to be had: run `apt-get update`")
    return program


@functools.cache
def versions():
    """All of them, by name."""
    return {
        "node": said(node(), "--version").removeprefix("v"),
        "mcp-remote": of_package(clients() / "mcp-remote"),
        "supergateway": of_package(peers() / "node_modules/supergateway"),
        "python": said(python(), "--version").removeprefix("Python "),
        "mcp-proxy": said(python(), "-c", "import importlib.metadata as m; print(m.version('mcp-proxy'))"),
        "nginx": said(nginx(), "-v").removeprefix("nginx version: nginx/"),
        "wrk": said("wrk", "-v").split()[1].removeprefix("debian/"),
    }


def said(*command):
    """The first line that a program prints, on whichever of its streams."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()[0].strip()


def of_package(path):
    return json.loads((path / "package.json").read_text())["version"]
