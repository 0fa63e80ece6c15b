"""The version of the programs: `Cargo.toml` has it, the changelog has a section for it, and nothing else may differ."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def current() -> str:
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    section = text.split("[workspace.package]", 1)[1]
    return re.search(r'^version = "([^"]+)"', section, re.MULTILINE)[1]


def changes(version: str) -> str | None:
    """What the changelog says of a version, if it is in there."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        if heading.split()[0] == version:
            return body.strip()
    return None


def checked(tag: str | None) -> str:
    """The version, if a release may be made of it."""
    version = current()
    if tag is None:
        return version
    if tag != f"v{version}":
        sys.exit(f"The tag is {tag}, but Cargo.toml has {version}.")
    if not changes(version):
        sys.exit(f"CHANGELOG.md has no section {version}: rename 'Unreleased' when a version is made.")
    return version
