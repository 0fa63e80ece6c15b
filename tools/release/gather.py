"""What a release publishes, in one folder: the installers, what is in them, where a newer version is told of, and checksums."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import version

# In a download of a workflow each job's files are in a folder of its own, among others that nobody needs.
PUBLISHED = (".deb", ".rpm", ".AppImage", ".dmg", ".exe", ".cdx.json")
# Beside the files that are published: what the release says.
NOTES = "notes.md"
MANIFEST = "latest.json"
CHECKSUMS = "SHA256SUMS"


def gather(source: Path, target: Path) -> None:
    current = version.current()
    target.mkdir(parents=True, exist_ok=True)
    files = sorted(file for file in source.rglob("*") if file.is_file() and file.name.endswith(PUBLISHED))
    for file in files:
        # The place where releases lie replaces blanks by something else, and then no checksum would find its file.
        name = file.name.replace(" ", "-")
        if (target / name).exists():
            sys.exit(f"There are two files of the name {name}.")
        shutil.copy2(file, target / name)
    missing = [kind for kind in PUBLISHED if not any(file.name.endswith(kind) for file in files)]
    if missing:
        sys.exit(f"There is nothing for: {', '.join(missing)}")
    # What programs that look for updates read; the person is led to the page of the release.
    (target / MANIFEST).write_text(json.dumps({"version": current}) + "\n", encoding="utf-8")
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(target.iterdir())]
    (target / CHECKSUMS).write_text("".join(sums), encoding="utf-8")
    notes = version.changes(current) or version.changes("Unreleased") or ""
    (target.parent / NOTES).write_text(notes + "\n", encoding="utf-8")
    for file in sorted(target.iterdir()):
        print(f"{file.stat().st_size:>12}  {file.name}")
