"""What was made is tried on the system it is for: installed, asked for its version, updated while an app has it running, removed."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import version
from version import ROOT

PRODUCT = "Jean Memory Bridge"
# An uninstaller goes on in a copy of itself, and the folder is gone a moment after the first of the two has ended.
PATIENCE = 60


def attempt(target: str) -> None:
    bundles = ROOT / "target" / target / "release/bundle"
    if "windows" in target:
        windows(only(bundles / "nsis", "*-setup.exe"))
    elif "apple" in target:
        macos(only(bundles / "dmg", "*.dmg"))
    else:
        sys.exit("Installers for Linux are tried by the tests.")


def macos(image: Path) -> None:
    with TemporaryDirectory() as folder:
        subprocess.run(["hdiutil", "attach", "-nobrowse", "-readonly", "-mountpoint", folder, image], check=True)
        try:
            app = Path(folder) / f"{PRODUCT}.app"
            programs = app / "Contents/MacOS"
            for program in ["jean-memory-bridge", "jean-bridge"]:
                subprocess.run(["lipo", programs / program, "-verify_arch", "arm64", "x86_64"], check=True)
            says_its_version(programs / "jean-bridge")
            subprocess.run(["codesign", "--verify", "--deep", "--strict", "--verbose=2", app], check=True)
        finally:
            subprocess.run(["hdiutil", "detach", folder], check=True)


def windows(setup: Path) -> None:
    installed = Path(os.environ["LOCALAPPDATA"]) / PRODUCT
    command_line = installed / "jean-bridge.exe"
    subprocess.run([setup, "/S"], check=True)
    says_its_version(command_line)
    with started(command_line, "stdio") as adapter:
        # An app that started it loses nothing when a new version comes.
        subprocess.run([setup, "/S"], check=True)
        says_its_version(command_line)
        if adapter.poll() is not None:
            sys.exit("The update ended a program that an app has running.")
    subprocess.run([installed / "uninstall.exe", "/S"], check=True)
    until_gone(installed)


@contextmanager
def started(*command: object):
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(timeout=PATIENCE)


def says_its_version(program: Path) -> None:
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if said != f"jean-bridge {version.current()}":
        sys.exit(f"{program} says: {said}")


def until_gone(folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while folder.exists():
        if time.monotonic() > deadline:
            sys.exit(f"Left behind: {[file.name for file in folder.iterdir()]}")
        time.sleep(0.2)


def only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} has {len(found)} files for {pattern}")
    return found[0]
