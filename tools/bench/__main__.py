#!/usr/bin/env python3
"""Measures release builds of `jean-bridge serve` and the tray app beside their budgets, and says how it was measured.

Fails when a budget is missed by more than the spread of a busy machine, so that a slow start or a leak is noticed
before a release.
"""

import os
import platform
import sys

import app
import serve
from report import Report


def main():
    chosen = set(sys.argv[1:]) or {"serve", "app"}
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, release build")
    print("Median, least to most, and how many were taken.\n")
    report = Report()
    if "serve" in chosen:
        serve.measure(report)
    if "app" in chosen:
        app.measure(report)
    sys.exit(0 if report.is_fine else 1)


if __name__ == "__main__":
    main()
