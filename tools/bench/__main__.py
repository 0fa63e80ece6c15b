#!/usr/bin/env python3
"""Measures release builds of `jean-bridge serve`, `jean-bridge stdio` and the tray app beside their budgets, the adapter
beside mcp-remote too, and says how it was measured.

    tools/bench                    all of it
    tools/bench serve adapters     parts of it; the third is app

Fails when a budget is missed by more than the spread of a busy machine, so that a slow start or a leak is noticed
before a release.
"""

import os
import platform
import sys

import adapters
import app
import serve
from programs import PROFILE
from report import Report


def main():
    chosen = set(sys.argv[1:]) or {"serve", "adapters", "app"}
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {PROFILE} build")
    print("Median, least to most, and how many were taken.\n")
    report = Report()
    if "serve" in chosen:
        serve.measure(report)
    if "adapters" in chosen:
        adapters.measure(report)
    if "app" in chosen:
        app.measure(report)
    sys.exit(0 if report.is_fine else 1)


if __name__ == "__main__":
    main()
