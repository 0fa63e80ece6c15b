"""What a tool call costs the program itself, by criterion: src-tauri/core/benches/hot_path.rs."""

import json
import shutil
import subprocess
import sys

from programs import TARGET

COMMAND = ["cargo", "bench", "--locked", "--quiet", "--package", "bridge-core", "--bench"]


def measure(report):
    # What an earlier version has measured stays there too.
    shutil.rmtree(TARGET / "criterion", ignore_errors=True)
    if subprocess.run([*COMMAND, "hot_path", "--", "--noplot"], stdout=sys.stderr).returncode:
        sys.exit("the hot path cannot be measured")
    report.note(
        "One request inside the program",
        "Measured by criterion, in the process, without sockets and without a backend: the check of a token, from its text to "
        "the grant behind it; a request to Jean Memory, written, and its reply, read; and a whole tool call, from the bytes of "
        "a client's request to those of its answer, with the session and all checks of the MCP endpoint but that of the token. "
        "n samples, each of many calls.",
    )
    found = sorted((TARGET / "criterion").glob("*/new/benchmark.json"))
    for path in found:
        name = json.loads(path.read_text())["title"]
        sample = json.loads((path.parent / "sample.json").read_text())
        each = [time / count / 1000 for time, count in zip(sample["times"], sample["iters"], strict=True)]
        report.row(name, each, "µs", digits=2)


def program(name):
    """The program of another bench of the core, built if it has to be."""
    done = subprocess.run([*COMMAND, name, "--no-run", "--message-format=json"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"the bench {name} cannot be built")
    messages = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return next(
        message["executable"]
        for message in messages
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == name
    )
