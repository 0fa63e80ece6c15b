"""Installers: the app with the command line beside it, put together by Tauri's own tool.

Apps are told the path of the command line, so it must be at the same place in each version: beside the app's program. Tauri puts it
there under its plain name (`externalBin`), and signs it before the app, and the app after its last change.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from version import ROOT

# The tool that belongs to the version of Tauri in Cargo.lock.
TAURI_CLI = "2.12.5"
# Signs through Azure Trusted Signing, where Tauri's documentation uses it too.
SIGNING_CLI = "0.11.0"

COMMAND_LINE = "jean-bridge"
UNIVERSAL = "universal-apple-darwin"
PARTS = {UNIVERSAL: ["aarch64-apple-darwin", "x86_64-apple-darwin"]}
# Where packaging/bundle.json looks for the command line. Not where cargo leaves programs: Tauri's build script copies it there.
BESIDE = ROOT / "target/beside"

# Secrets of the repository. One that is not set arrives as an empty variable, which Tauri's tool would take for a value.
SECRETS = [
    *("APPLE_CERTIFICATE", "APPLE_CERTIFICATE_PASSWORD", "APPLE_SIGNING_IDENTITY"),
    *("APPLE_ID", "APPLE_PASSWORD", "APPLE_TEAM_ID"),
    *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
    *("AZURE_SIGNING_ENDPOINT", "AZURE_SIGNING_ACCOUNT", "AZURE_SIGNING_PROFILE"),
]


def bundle(target: str) -> None:
    """Compiles first, without the secrets: every dependency runs code of its own then."""
    given = {name: value for name, value in os.environ.items() if value or name not in SECRETS}
    # The lock file decides, and no installer may depend on where it was built.
    given["CARGO_TARGET_DIR"] = str(ROOT / "target")
    compiling = {name: value for name, value in given.items() if name not in SECRETS}
    put_beside(target, compiling)
    tauri = installed("tauri-cli", TAURI_CLI, "cargo-tauri")
    plain = ["--config", ROOT / "packaging/bundle.json"]
    run(
        *(tauri, "build", "--ci", "--no-bundle", "--target", target, *plain),
        *("--", "--locked", "--package", "jean-memory-bridge"),
        environment=compiling,
    )
    signed = [argument for file in signing(target, given) for argument in ("--config", file)]
    run(tauri, "bundle", "--ci", "--target", target, *plain, *signed, environment=given)


def put_beside(target: str, environment: dict[str, str]) -> None:
    """Builds the command line, and lays it where Tauri looks, under the names it looks for: one for each target that is
    compiled, and one for what is bundled."""
    suffix = ".exe" if "windows" in target else ""
    BESIDE.mkdir(parents=True, exist_ok=True)
    parts = PARTS.get(target, [target])
    run("rustup", "target", "add", *parts, environment=environment)
    built = []
    for part in parts:
        run(
            *("cargo", "build", "--locked", "--release", "--package", COMMAND_LINE, "--target", part),
            environment=environment,
        )
        copy = BESIDE / f"{COMMAND_LINE}-{part}{suffix}"
        shutil.copy2(ROOT / "target" / part / "release" / f"{COMMAND_LINE}{suffix}", copy)
        built.append(copy)
    if len(built) > 1:
        run("lipo", "-create", "-output", BESIDE / f"{COMMAND_LINE}-{target}", *built, environment=environment)


def signing(target: str, environment: dict[str, str]) -> list[Path]:
    """What makes Tauri sign for Windows, if there is something to sign with. For macOS its tool reads the variables itself."""
    if "windows" not in target or "AZURE_CLIENT_ID" not in environment:
        return []
    program = installed("trusted-signing-cli", SIGNING_CLI, "trusted-signing-cli")
    arguments = [
        *("-e", environment["AZURE_SIGNING_ENDPOINT"], "-a", environment["AZURE_SIGNING_ACCOUNT"]),
        *("-c", environment["AZURE_SIGNING_PROFILE"], "-d", "Jean Memory Bridge", "%1"),
    ]
    command = {"cmd": str(program), "args": arguments}
    file = BESIDE / "signing.json"
    file.write_text(json.dumps({"bundle": {"windows": {"signCommand": command}}}), encoding="utf-8")
    return [file]


def installed(package: str, version: str, program: str) -> Path:
    """A program from crates.io, kept outside the clone."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    home = cache / "jean-memory-bridge" / f"{package}-{version}"
    path = home / "bin" / (program + (".exe" if platform.system() == "Windows" else ""))
    if not path.is_file():
        print(f"Installing {package} {version}", flush=True)
        environment = {name: value for name, value in os.environ.items() if name not in [*SECRETS, "CARGO_TARGET_DIR"]}
        run("cargo", "install", "--quiet", "--locked", "--root", home, f"{package}@{version}", environment=environment)
    return path


def run(*command: object, environment: dict[str, str] | None = None) -> None:
    words = [str(word) for word in command]
    try:
        subprocess.run(words, cwd=ROOT, env=environment, check=True)
    except FileNotFoundError:
        sys.exit(f"{words[0]} is not installed")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{words[0]} failed with {failed.returncode}")
