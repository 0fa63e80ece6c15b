#!/usr/bin/env python3
"""Measures release builds beside their budgets and beside what others use, and writes BENCHMARKS.md.

    tools/bench                    all of it, about 12 minutes
    tools/bench serve adapters     parts of it; the others stay as they are in the table
    tools/bench table              only the table, after a change of remarks.toml

Fails when a budget is missed by more than the spread of a busy machine, so that a slow start or a leak is noticed
before a release.
"""

import os
import sys
import traceback

import adapters
import app
import hot_path
import installers
import load
import scale
import serve
import table
from programs import PROFILE
from report import Report

MEASURES = {
    "serve": serve.measure,
    "adapters": adapters.measure,
    "load": load.measure,
    "app": app.measure,
    "scale": scale.measure,
    "hot_path": hot_path.measure,
    "installers": installers.measure,
}


def main():
    chosen = sys.argv[1:] or list(table.PARTS)
    if strange := set(chosen) - {*table.PARTS, "table"}:
        sys.exit(f"there is no part {', '.join(strange)}: {', '.join(table.PARTS)}")
    report = Report()
    for name in table.PARTS:
        if name in chosen:
            measure(report, name)
    if PROFILE == "release":
        table.write()
        print(f"\nWritten: {os.path.relpath(table.TABLE)}")
    sys.exit(0 if report.is_fine else 1)


def measure(report, name):
    """One part that cannot be measured does not cost the others."""
    try:
        with report.part(name, **table.about_run()):
            MEASURES[name](report)
    except (Exception, SystemExit):
        traceback.print_exc()
        report.is_fine = False
        return
    if PROFILE == "release":
        table.keep({name: report.parts[name]})


if __name__ == "__main__":
    main()
