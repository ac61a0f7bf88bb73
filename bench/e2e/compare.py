#!/usr/bin/env python3
"""Compares diskprint with the chain of tools a user would run by hand, on the same sequence.

Both run in turn, in one sitting, and who goes first changes each round. Every run is checked for
its answer: a wrong one ends the benchmark. Make the sequence with make_sequence.py first.
"""

import argparse
import csv
import datetime
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from answers import WrongAnswer, check_chain, check_diskprint
from measure import Cost, measure

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
CHAIN_PROGRAMS = ["tar", "qemu-img", "fiwalk", "icat", "hivexml"]
TOOLS = ["diskprint", "chain"]


def main():
    args = arguments()
    truth = json.loads((args.work / "truth.json").read_text())
    needed = CHAIN_PROGRAMS + ([] if args.only_chain else [args.diskprint])
    missing = [name for name in needed if not shutil.which(name)]
    if missing:
        sys.exit(f"not here: {', '.join(missing)}")
    tools = ["chain"] if args.only_chain else TOOLS
    rows = rounds(args, tools, truth)
    summary = summarise(rows, tools)
    print(summary)
    if not args.only_chain:
        keep(args, truth, rows, summary)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work", help="the sequence (%(default)s)")
    add("--diskprint", default=str(TOP / "target/release/diskprint"), help="(%(default)s)")
    add("--rounds", type=int, default=3, help="runs of each tool (%(default)s)")
    add("--runs", type=Path, default=HERE.parent / "runs", help="where records go (%(default)s)")
    today = datetime.date.today().isoformat()
    add("--date", default=today, help="name of the record, a date by habit (%(default)s)")
    add("--only-chain", action="store_true", help="measure the rival alone and keep no record")
    return parser.parse_args()


def rounds(args, tools, truth):
    """Runs every tool once a round and returns one row per run."""
    rows = []
    for number in range(1, args.rounds + 1):
        for tool in tools if number % 2 else reversed(tools):
            cost = one_run(args, tool, truth)
            rows.append((number, tool, cost))
            print(f"round {number}, {tool}: {cost.wall_s:.1f} s wall, {cost.cpu_s:.1f} s CPU",
                  file=sys.stderr)
    return rows


def one_run(args, tool, truth):
    out = args.work / f"out-{tool}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    log = args.work / f"{tool}.log"
    cost = measure(command(args, tool, truth, out), log)
    if cost.exit_code:
        sys.exit(f"{tool} ended with {cost.exit_code}, see {log}")
    try:
        if tool == "chain":
            check_chain(out, truth)
        else:
            check_diskprint(args.diskprint, out, truth)
    except WrongAnswer as wrong:
        sys.exit(f"{tool}: {wrong}")
    shutil.rmtree(out)
    return cost


def command(args, tool, truth, out):
    tarballs = [str(args.work / name) for name in truth["tarballs"]]
    if tool == "chain":
        return [str(HERE / "chain.sh"), str(out), *tarballs]
    return [args.diskprint, "run", tarballs[-1], str(out)]


def summarise(rows, tools):
    """A table of medians, each with smallest and largest, and the ratio of the two tools."""
    lines = ["| | " + " | ".join(tools) + " | chain / diskprint |", "|---" * (len(tools) + 2) + "|"]
    for field in Cost.FIELDS:
        of = {tool: [getattr(c, field) for _, name, c in rows if name == tool] for tool in tools}
        cells = [
            f"{statistics.median(v):.1f} ({min(v):.1f} – {max(v):.1f})" for v in of.values()
        ]
        lines.append(f"| {field} | {' | '.join(cells)} | {ratio(of)} |")
    return "\n".join(lines) + "\n"


def ratio(of):
    ours = statistics.median(of.get("diskprint", [0]))
    return f"{statistics.median(of['chain']) / ours:.2f}" if ours >= 0.05 else "–"


def keep(args, truth, rows, summary):
    """Writes the record of this sitting: README.md, raw.csv and summary.md."""
    folder = args.runs / args.date
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "raw.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["round", "tool", *Cost.FIELDS])
        for number, tool, cost in rows:
            table.writerow([number, tool, *(f"{getattr(cost, name):.3f}" for name in Cost.FIELDS)])
    (folder / "summary.md").write_text(summary)
    (folder / "README.md").write_text(readme(args, truth))
    print(f"kept in {folder}")


def readme(args, truth):
    made = truth["settings"]
    changes = sum(len(step[kind]) for step in truth["steps"]
                  for kind in ("new", "deleted", "renamed", "modified"))
    versions = "\n".join(f"| {name} | {version} |" for name, version in versions_of(args))
    return f"""# End to end, {args.date}

Three slices, {truth['files']} files and {truth['bytes'] / 1e6:.0f} MB of content in the first,
{changes} file changes in the two steps, {len(truth['hives'])} hives; seed {made['seed']}.
{args.rounds} rounds, both tools in turn, the first of a round changing. Each run's answer was
checked: diskprint's file changes against the maker's record path by path, the chain's lists and
dumps for being there. The chain compares nothing; diskprint's time includes the comparison.
Medians are in `summary.md`, every run in `raw.csv`. MB are 10^6 bytes; the peak is that of the
largest process; reads count only what the page cache did not have.

```sh
cargo build --release --locked
bench/e2e/make_sequence.py --files {made['files']} --megabytes {made['megabytes']} \\
    --seed {made['seed']} --hives HIVES.tar.xz
bench/e2e/compare.py --rounds {args.rounds} --date {args.date}
```

diskprint is run as `diskprint run {truth['tarballs'][-1]} RESULTS` into an empty folder, the chain
as `bench/e2e/chain.sh FOLDER TARBALL...`.

| machine | |
|---|---|
{machine()}

| program | version |
|---|---|
{versions}
"""


def machine():
    def first(path, key):
        lines = Path(path).read_text().splitlines()
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "?")

    memory_kib = int(first("/proc/meminfo", "MemTotal").split()[0])
    rows = [
        ("CPU", f"{first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores"),
        ("memory", f"{memory_kib * 1024 / 1e9:.1f} GB"),
        ("kernel", platform.release()),
        ("load average at the end", " ".join(f"{load:.2f}" for load in os.getloadavg())),
    ]
    return "\n".join(f"| {name} | {value} |" for name, value in rows)


def versions_of(args):
    commands = {
        "diskprint": [args.diskprint, "--version"],
        "diskprint source": ["git", "-C", str(TOP), "describe", "--always", "--dirty"],
        "rustc": ["rustc", "--version"],
        "tar": ["tar", "--version"],
        "qemu-img": ["qemu-img", "--version"],
        "fiwalk": ["fiwalk", "-V"],
        "libhivex-bin": ["dpkg-query", "-W", "-f", "${Version}", "libhivex-bin"],
    }
    return [(name, first_line(command)) for name, command in commands.items()]


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "?"
    return ((done.stdout or done.stderr).splitlines() or ["?"])[0]


if __name__ == "__main__":
    main()
