#!/usr/bin/env python3
"""Compares our reader of hives with libhivex, hivexml and dissect.regf on one hive, and measures
the comparison of two states of it, and a hive of 200 MB.

All run in turn, in one sitting, who goes first changing each round. Every answer is checked: a
wrong one ends the benchmark.
"""

import argparse
import csv
import datetime
import shutil
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "sitting"))

from measure import Cost, measure  # noqa: E402
from record import first_line, machine  # noqa: E402

HIVE = "SYSTEM_WIN_10_1709"
DISSECT = "dissect.regf==3.14"
EDITS = 500
LARGE_MB = 200


@dataclass
class Task:
    """A command, how often it does its work, and what it must say at its end."""

    name: str
    command: list
    times: int
    answer: str
    cells: int = 0


def main():
    args = arguments()
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    tasks = prepare(args)
    rows = rounds(args, tasks)
    summary = summarise(tasks, rows)
    print(summary)
    if not args.no_record:
        keep(args, rows, summary)
    shutil.rmtree(args.work)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--hives", type=Path, required=True, help=f"archive of real hives with {HIVE}")
    add("--work", type=Path, default=HERE.parent / "work/registry",
        help="where hives and programs go; emptied (%(default)s)")
    add("--examples", type=Path, default=TOP / "target/release/examples",
        help="where the programs registry and large_hive are (%(default)s)")
    add("--dissect", help=f"a Python that has {DISSECT}; without it one is made")
    add("--rounds", type=int, default=5, help="runs of each (%(default)s)")
    add("--times", type=int, default=20, help="how often a run reads the hive (%(default)s)")
    add("--runs", type=Path, default=HERE.parent / "runs", help="where records go (%(default)s)")
    today = datetime.date.today().isoformat()
    add("--date", default=f"{today}-registry", help="name of the record (%(default)s)")
    add("--no-record", action="store_true", help="keep no record: a trial")
    return parser.parse_args()


def prepare(args):
    """Makes the hives and the rivals, and returns what is to be run."""
    ours, times = str(args.examples / "registry"), args.times
    subprocess.run(["tar", "-xf", str(args.hives), "-C", str(args.work), HIVE], check=True)
    hive, edited, large = (str(args.work / name) for name in (HIVE, "edited", "large"))
    walk = str(args.work / "walk")
    compiler = ["cc", "-O2", "-o", walk, str(HERE / "walk.c"), "-l:libhivex.so.0"]
    subprocess.run(compiler, check=True)
    edit(walk, hive, edited)
    made = said([str(args.examples / "large_hive"), large, str(LARGE_MB)])
    python = args.dissect or python_with_dissect(args.work)

    # The rivals answer for us: what libhivex counts and dissect.regf digests.
    counts = said([walk, hive, "1"])
    full = said([python, str(HERE / "walk_dissect.py"), hive])
    if not full.startswith(counts):
        sys.exit(f"libhivex says {counts!r}, dissect.regf {full!r}")
    keys, values = (int(count.split()[0]) for count in counts.split(", ")[:2])
    cells = keys + values
    dissect = [python, str(HERE / "walk_dissect.py"), hive]
    return [
        Task("diskprint: read, digest", [ours, "cells", hive, str(times)], times, full, cells),
        Task("libhivex: read", [walk, hive, str(times)], times, counts, cells),
        Task("dissect.regf: read, digest", dissect, 1, full, cells),
        Task("diskprint: RegXML", [ours, "regxml", hive], 1, "</hive>", cells),
        Task("hivexml: RegXML", ["hivexml", hive], 1, "</hive>", cells),
        Task("diskprint: compare", [ours, "diff", hive, edited, str(times)], times,
             f"{EDITS} differences"),
        Task(f"diskprint: {LARGE_MB} MB", [ours, "cells", large, "1"], 1, made),
    ]


def edit(walk, hive, edited):
    """Changes the last-write time of some keys; libhivex says where these are."""
    offsets = [int(line) for line in said([walk, hive, "offsets"], whole=True).splitlines()]
    shutil.copyfile(hive, edited)
    with open(edited, "r+b") as file:
        for offset in offsets[:: len(offsets) // EDITS][:EDITS]:
            time = offset + 8  # Source: regf spec, "Key node": 4 bytes of cell size, time at 4.
            file.seek(time)
            low = file.read(1)[0]
            file.seek(time)
            file.write(bytes([low ^ 1]))


def python_with_dissect(work):
    venv.create(work / "venv", with_pip=True)
    python = str(work / "venv/bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", DISSECT], check=True)
    return python


def said(command, whole=False):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return out if whole else out.strip().splitlines()[-1]


def rounds(args, tasks):
    """Runs every task once a round and returns one row per run."""
    rows = []
    log = args.work / "log"
    for number in range(1, args.rounds + 1):
        for task in tasks if number % 2 else reversed(tasks):
            cost = measure(task.command, log)
            with open(log, "rb") as file:
                file.seek(max(0, log.stat().st_size - 300))
                end = file.read().decode(errors="replace").strip().splitlines()[-1]
            if cost.exit_code or task.answer not in end:
                sys.exit(f"{task.name} ended with {cost.exit_code} and {end!r},"
                         f" not {task.answer!r}")
            rows.append((number, task.name, cost))
    return rows


def summarise(tasks, rows):
    """Medians of one time each, with smallest and largest, and the cells per second."""
    lines = [
        "| | CPU, ms | cells/s | peak, MB |",
        "|---|---|---|---|",
    ]
    median = {}
    for task in tasks:
        costs = [cost for _, name, cost in rows if name == task.name]
        cpu = [cost.cpu_s / task.times for cost in costs]
        median[task.name] = statistics.median(cpu)
        speed = f"{task.cells / median[task.name] / 1e6:.2f} M" if task.cells else "–"
        peak = max(cost.peak_rss_mb for cost in costs)
        ms = f"{median[task.name] * 1e3:.1f} ({min(cpu) * 1e3:.1f} – {max(cpu) * 1e3:.1f})"
        lines.append(f"| {task.name} | {ms} | {speed} | {peak:.0f} |")
    lines.append("")
    for ours, theirs in (
        ("diskprint: read, digest", "libhivex: read"),
        ("diskprint: read, digest", "dissect.regf: read, digest"),
        ("diskprint: RegXML", "hivexml: RegXML"),
    ):
        lines.append(f"{theirs} takes {median[theirs] / median[ours]:.2f} times {ours}")
    return "\n".join(lines) + "\n"


def keep(args, rows, summary):
    """Writes the record of this sitting: README.md, raw.csv and summary.md."""
    folder = args.runs / args.date
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "raw.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["round", "task", *Cost.FIELDS])
        for number, name, cost in rows:
            table.writerow([number, name, *(f"{getattr(cost, f):.3f}" for f in Cost.FIELDS)])
    (folder / "summary.md").write_text(summary)
    (folder / "README.md").write_text(readme(args))
    print(f"kept in {folder}")


def readme(args):
    source = first_line(["git", "-C", str(TOP), "describe", "--always", "--dirty"])
    hivex = first_line(["dpkg-query", "-W", "-f", "${Version}", "libhivex0"])
    return f"""# Hives, {args.date}

{HIVE}, 15.5 MB, read {args.times} times a run by diskprint and libhivex, once by the others;
{args.rounds} rounds, all in turn, the first of a round changing. Each answer was checked: numbers
of keys, values and bytes are those of libhivex, the digests of all data those of dissect.regf, the
differences the {EDITS} that were made. libhivex digests nothing. `cells/s` counts keys and values.

```sh
cargo build --release --locked -p diskprint --example registry
cargo build --release --locked -p diskprint-testkit --example large_hive
bench/registry/hives.py --hives HIVES.tar.xz --rounds {args.rounds} --times {args.times}
```

| machine | |
|---|---|
{machine()}

| program | version |
|---|---|
| diskprint source | {source} |
| rustc | {first_line(["rustc", "--version"])} |
| libhivex, hivexml | {hivex} |
| dissect.regf | {DISSECT} |
"""


if __name__ == "__main__":
    main()
