"""How large what people download is: the package that `make installers` has made, or makes now."""

import os
import subprocess
import sys

from programs import TARGET, size_mib

BUDGET_MB = 8


def measure(report):
    made = sorted((TARGET / "installers").glob("*.deb"))
    # One of an older build would be measured in place of this one.
    if not made or made[-1].stat().st_mtime < (TARGET / "release/jean-memory-bridge").stat().st_mtime:
        if subprocess.run(["tools/installers"], stdout=sys.stderr).returncode:
            sys.exit("the installers cannot be made")
        made = sorted((TARGET / "installers").glob("*.deb"))
    report.note("Sizes", "The package has both programs, their manual pages and the licences of all libraries. MB is a million bytes.")
    for package in (*made, *sorted((TARGET / "installers").glob("*.rpm"))):
        budget = BUDGET_MB if package.suffix == ".deb" else None
        report.row(f"{package.suffix} package", [os.path.getsize(package) / 1e6], "MB", budget)
    for name in ("jean-bridge", "jean-memory-bridge"):
        report.row(f"program {name}", [size_mib(name)], "MiB")
