"""What is looked at while the clients work, and when it counts as level."""

import collections
import contextlib
import os
import pathlib
import sqlite3
import statistics

from programs import memory_mib

KIB = 1024
# Rows of the database that come with every call, for the pages that a person looks at, and those that come with every
# refresh, by which a stolen token is known again; they are kept for thirty days, so they may grow, and nothing else.
ROW_BYTES = 320

Look = collections.namedtuple("Look", "at rss pss files threads database log rows adapter_rss adapter_files adapter_threads")


class Rule:
    """The middle value of the last third of the run is not above that of the third before by more than this."""

    def __init__(self, what, unit, share, least):
        self.what, self.unit, self.share, self.least = what, unit, share, least

    def growth(self, before, after):
        before, after = statistics.median(before), statistics.median(after)
        return before, after, after - before <= max(self.share * before, self.least)


RULES = {
    "rss": Rule("bridge: memory, RSS", "MiB", 0.03, 0.5),
    "files": Rule("bridge: open files", "", 0.1, 4),
    "threads": Rule("bridge: threads", "", 0, 2),
    "log": Rule("bridge: log of the database", "KiB", 0.25, 512),
    "adapter_rss": Rule("two lasting adapters: memory, RSS", "MiB", 0.03, 0.3),
    "adapter_files": Rule("two lasting adapters: open files", "", 0, 2),
    "adapter_threads": Rule("two lasting adapters: threads", "", 0, 2),
}


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise LookupError(name)


def memory(pid):
    """RSS and PSS. The programs are closed to debuggers, so who is not root learns only the first."""
    with contextlib.suppress(OSError):
        rss, pss = memory_mib([pid])
        if rss:
            return rss, pss
    return status(pid, "VmRSS") / KIB, float("nan")


def open_files(pid):
    folder = f"/proc/{pid}/fd"
    try:
        return len(os.listdir(folder))
    except PermissionError:
        # The number of entries, which Linux tells everybody since 6.2.
        return os.stat(folder).st_size


def size_kib(path):
    return path.stat().st_size / KIB if path.exists() else 0


def count_rows(database):
    """Those of calls and of refreshes."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        one = lambda table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return one("activity") + one("refresh_tokens") + one("access_tokens") + one("clients") + one("grants")


def look(at, bridge, adapters):
    database = pathlib.Path(bridge.home) / "data/bridge.db"
    pid = bridge.process.pid
    rss, pss = memory(pid)
    return Look(
        at=at,
        rss=rss,
        pss=pss,
        files=open_files(pid),
        threads=status(pid, "Threads"),
        database=size_kib(database),
        log=size_kib(database.with_name("bridge.db-wal")),
        rows=count_rows(database),
        adapter_rss=sum(memory(pid)[0] for pid in adapters),
        adapter_files=sum(open_files(pid) for pid in adapters),
        adapter_threads=sum(status(pid, "Threads") for pid in adapters),
    )


def table(looks):
    """The looks at the start and after every sixth of the run."""
    print("\n   min   RSS MiB   PSS MiB   files   threads   database KiB   its log KiB      rows   adapters: RSS   files   threads")
    step = max(1, (len(looks) - 1) // 6)
    for one in [*looks[::step], *([looks[-1]] if (len(looks) - 1) % step else [])]:
        print(
            f"{one.at / 60:6.1f}{one.rss:10.2f}{one.pss:10.2f}{one.files:8}{one.threads:10}{one.database:15.0f}{one.log:14.0f}"
            f"{one.rows:10}{one.adapter_rss:16.2f}{one.adapter_files:8}{one.adapter_threads:10}"
        )
    print()


def judge(looks, report):
    third = len(looks) // 3
    before, after = looks[third : 2 * third], looks[2 * third :]
    for name, rule in RULES.items():
        middle, last, is_level = rule.growth(*([getattr(one, name) for one in part] for part in (before, after)))
        report.fact(rule.what, f"{middle:.2f}, then {last:.2f} {rule.unit}".rstrip(), is_level)
    rows = looks[-1].rows - looks[third].rows
    bytes_per_row = (looks[-1].database - looks[third].database) * KIB / max(1, rows)
    report.fact("bridge: growth of the database for each row", f"{bytes_per_row:.0f} bytes", bytes_per_row <= ROW_BYTES)
