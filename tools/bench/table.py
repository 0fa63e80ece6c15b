"""BENCHMARKS.md: written anew from the figures of the last run of each part, which are kept in results.json, and from what
was remarked by hand, in remarks.toml, which no run changes."""

import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import tomllib

import peers
from report import bound, is_met, label

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = HERE / "results.json"
REMARKS = HERE / "remarks.toml"
TABLE = ROOT / "BENCHMARKS.md"
# In the order of the table; what each is about.
PARTS = {
    "serve": "`jean-bridge serve`: start and memory",
    "adapters": "`jean-bridge stdio` and the adapters of others",
    "load": "Many requests at once",
    "app": "The tray app",
    "scale": "10,000 clients, 100,000 grants, 1,000,000 calls",
    "hot_path": "The hot path, without sockets",
    "installers": "Installers",
}

INTRODUCTION = """# Benchmarks

`make bench` measures release builds and writes this file: what stands here is the last run of each part, and anybody can
repeat it. The peers are installed at exact versions, in the cache, and run in turns with the bridge, on the same machine in
the same minutes. A figure is the median; in brackets are the least and the most, n says how many were taken. Times are from
outside, as a client sees them, unless a line says otherwise.

"""


def about_machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    processor = platform.processor() or platform.machine()
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        names = [line.partition(":")[2].strip() for line in information.read_text().splitlines() if line.startswith("model name")]
        processor = names[0] if names else processor
    system = platform.system()
    release = pathlib.Path("/etc/os-release")
    if release.exists():
        fields = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
        system = fields.get("PRETTY_NAME", system).strip('"')
    return {
        "processor": f"{processor}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": f"{system}, kernel {platform.release()}, {platform.machine()}",
    }


def about_run():
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "load": round(os.getloadavg()[0], 1),
        "machine": about_machine(),
        "versions": peers.versions(),
    }


def commit():
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    # What the bench itself writes is no change of what is measured.
    own = [f":!{path.relative_to(ROOT)}" for path in (RESULTS, TABLE, REMARKS)]
    changed = " with changes" if git("status", "--porcelain", "--", ".", *own).strip() else ""
    return (git("rev-parse", "--short=10", "HEAD").strip() or "unknown") + changed


def keep(parts):
    """Puts these parts in the place of what they were before."""
    kept = read() | parts
    RESULTS.write_text(json.dumps({name: kept[name] for name in PARTS if name in kept}, indent=1, ensure_ascii=False) + "\n")


def read():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def write():
    parts = read()
    remarks = tomllib.loads(REMARKS.read_text()) if REMARKS.exists() else {}
    lines = [label(row["side"], row["what"]) for part in parts.values() for row in rows(part)]
    if len(parts) == len(PARTS) and (strange := set(remarks) - set(lines)):
        sys.exit(f"{REMARKS.name} remarks on what is not measured: {sorted(strange)}")
    text = [INTRODUCTION, *budgets(parts, remarks), *machines(parts)]
    for name, part in parts.items():
        text += [f"## {PARTS[name]}\n\n", *(line for table in part["tables"] for line in drawn(table))]
    TABLE.write_text("".join(text).rstrip("\n") + "\n")


def rows(part):
    return [row for table in part["tables"] for row in table["rows"]]


def budgets(parts, remarks):
    """Every line with a budget; of those that miss it, why; and what else is remarked."""
    judged = [(name, row) for name, part in parts.items() for row in rows(part) if row["budget"] is not None]
    yield "## Budgets\n\n| | measured | budget | |\n|---|---|---|---|\n"
    for _, row in judged:
        verdict = "met" if is_met(row) else "**missed**"
        yield f"| {label(row['side'], row['what'])} | {figure(row)} | {bound(row)} {row['unit']} | {verdict} |\n"
    missed = [label(row["side"], row["what"]) for _, row in judged if not is_met(row)]
    if missed:
        yield "\n### What is missed, and why\n\n"
        for line in missed:
            remark = remarks.get(line, {})
            yield f"- **{line}.** Cause: {remark.get('cause', 'not known yet.')} Next: {remark.get('next', 'find the cause.')}\n"
    present = {label(row["side"], row["what"]) for part in parts.values() for row in rows(part)}
    others = [line for line in remarks if line in present and "remark" in remarks[line]]
    if others:
        yield "\n### Remarks\n\n"
        for line in others:
            yield f"- **{line}.** {remarks[line]['remark']}\n"
    yield "\n"


def machines(parts):
    """Once for all parts that were run together."""
    yield "## Machine and versions\n\n"
    runs = {}
    for name, part in parts.items():
        runs.setdefault(json.dumps([part["machine"], part["versions"], part["commit"]]), []).append((name, part))
    for together in runs.values():
        _, part = together[0]
        times = sorted(part["date"] for _, part in together)
        loads = [part["load"] for _, part in together]
        names = ", ".join(name for name, _ in together) if len(runs) > 1 else "all parts"
        yield f"| {names} | |\n|---|---|\n"
        yield f"| date | {times[0]}{f' to {times[-1]}' if times[0] != times[-1] else ''} |\n| commit | {part['commit']} |\n"
        yield "".join(f"| {what} | {said} |\n" for what, said in part["machine"].items())
        yield f"| load before a part | {min(loads)} to {max(loads)} |\n"
        yield f"| versions | {', '.join(f'{name} {version}' for name, version in part['versions'].items())} |\n\n"


def figure(row):
    def number(value):
        return f"{value:,.{row['digits']}f}"

    spread = f" ({number(row['least'])}–{number(row['most'])})" if row["n"] > 1 else ""
    return f"**{number(row['median'])}** {row['unit']}{spread}"


def drawn(table):
    yield f"### {table['title']}\n\n{table['text']}\n\n"
    cells, counts, sides = {}, {}, []
    for row in table["rows"]:
        cells.setdefault(row["what"], {})[row["side"]] = figure(row)
        counts.setdefault(row["what"], []).append(row["n"])
        if row["side"] not in sides:
            sides.append(row["side"])
    if cells:
        yield f"| | {' | '.join(sides)} | n |\n|---|{'---|' * len(sides)}---|\n"
        for what, by_side in cells.items():
            n = sorted(set(counts[what]))
            yield f"| {what} | {' | '.join(by_side.get(side, '') for side in sides)} | {'–'.join(map(str, n))} |\n"
        yield "\n"
    if table["facts"]:
        yield "| | | |\n|---|---|---|\n"
        for fact in table["facts"]:
            yield f"| {fact['what']} | {fact['side']} | {fact['text'].replace('|', '¦')}{'' if fact['is_fine'] else ' **failed**'} |\n"
        yield "\n"
