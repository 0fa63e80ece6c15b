"""What is in the programs: a bill of materials in CycloneDX for each program and system, from the lock file."""

import shutil
from pathlib import Path

import version
from bundle import installed, run
from version import ROOT

CYCLONEDX = "0.5.9"
# The packages with a program, by the folder of their manifest.
PROGRAMS = {"jean-memory-bridge": ".", "jean-bridge": "src-tauri/cli"}
SYSTEMS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin", "x86_64-apple-darwin"]


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tool = installed("cargo-cyclonedx", CYCLONEDX, "cargo-cyclonedx")
    for system in SYSTEMS:
        # It writes beside each manifest of the workspace.
        name = f"materials-{system}"
        run(tool, "cyclonedx", "--format", "json", "--spec-version", "1.5", "--target", system, "--override-filename", name)
        for program, place in PROGRAMS.items():
            written = ROOT / place / f"{name}.json"
            shutil.move(written, folder / f"{program}_{version.current()}_{system}.cdx.json")
        for left in ROOT.glob(f"**/{name}.json"):
            left.unlink()
