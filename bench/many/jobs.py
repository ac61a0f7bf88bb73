#!/usr/bin/env python3
"""Compares one job with two over many small sequences: how much faster are two?

The sequences are made first. Both ways run in turn, in one sitting, and who goes first changes each
round. The outputs of every run must be the same bytes.
"""

import argparse
import csv
import datetime
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "sitting"))

from measure import Cost, measure  # noqa: E402
from record import first_line, machine  # noqa: E402

JOBS = ["1", "2"]


def main():
    args = arguments()
    shutil.rmtree(args.work, ignore_errors=True)
    (args.work / "store").mkdir(parents=True)
    ends = make(args)
    rows = rounds(args, ends)
    summary = summarise(args, rows)
    print(summary)
    keep(args, rows, summary)
    shutil.rmtree(args.work)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/many",
        help="where sequences and results go; emptied (%(default)s)")
    add("--diskprint", default=str(TOP / "target/release/diskprint"), help="(%(default)s)")
    add("--sequences", type=int, default=200, help="(%(default)s)")
    add("--files", type=int, default=100, help="in each slice (%(default)s)")
    add("--bytes", type=int, default=16384, help="in each file (%(default)s)")
    add("--keys", type=int, default=400, help="in each hive (%(default)s)")
    add("--rounds", type=int, default=3, help="runs with each number of jobs (%(default)s)")
    add("--runs", type=Path, default=HERE.parent / "runs", help="where records go (%(default)s)")
    today = datetime.date.today().isoformat()
    add("--date", default=f"{today}-many", help="name of the record (%(default)s)")
    return parser.parse_args()


def make(args):
    """Makes the sequences and returns the last slice of each."""
    shape = [args.sequences, args.files, args.bytes, args.keys]
    cargo = ["cargo", "run", "--quiet", "--release", "--locked", "-p", "diskprint-testkit",
             "--example", "sequences", "--", str(args.work / "store"), *map(str, shape)]
    return subprocess.run(cargo, cwd=TOP, check=True, capture_output=True,
                          text=True).stdout.splitlines()


def rounds(args, ends):
    """Runs with every number of jobs once a round; returns a row for each run."""
    rows, made = [], None
    for number in range(1, args.rounds + 1):
        for jobs in JOBS if number % 2 else reversed(JOBS):
            results = args.work / "results"
            shutil.rmtree(results, ignore_errors=True)
            first = run(args, jobs, [*ends, str(results)])
            outputs = digest(results)
            again = run(args, jobs, ["--all", str(results)])
            if (made or outputs) != outputs or digest(results) != outputs:
                sys.exit(f"round {number}, {jobs} jobs: other bytes than before")
            made = outputs
            rows += [(number, "first", jobs, first), (number, "again", jobs, again)]
            print(f"round {number}, {jobs} jobs: {first.wall_s:.2f} s, again {again.wall_s:.2f} s",
                  file=sys.stderr)
    return rows


class Shared(Cost):
    """A cost, and the CPU time that other programs took meanwhile: a second job has what they leave."""

    FIELDS = (*Cost.FIELDS, "others_s")


def busy_s():
    """CPU time of all programs so far. Source: proc_stat(5): user, nice, system; then irq, softirq"""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split()[1:8]]
    return sum(ticks[:3] + ticks[5:]) / os.sysconf("SC_CLK_TCK")


def run(args, jobs, what):
    log = args.work / "log"
    before = busy_s()
    cost = measure([args.diskprint, "run", "--jobs", jobs, "--quiet", *what], log)
    if cost.exit_code:
        sys.exit(f"ended with {cost.exit_code}: {log.read_text()}")
    shared = Shared(**vars(cost))
    shared.others_s = max(busy_s() - before - cost.cpu_s, 0.0)
    return shared


def digest(results):
    """The names and bytes of all outputs, not of what says who ran when: see support::outputs in
    crates/cli/tests."""
    found = hashlib.sha256()
    for folder, folders, names in os.walk(results):
        folders.sort()
        for name in sorted(names):
            if not name.startswith((".", "diskprint.db")):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
                found.update(f"{path}\0{content}\n".encode())
    return found.hexdigest()


def summarise(args, rows):
    """Tables of medians, each with smallest and largest, and the ratio of the two."""
    texts = []
    for kind, title in [("first", "Nothing done before"), ("again", "Nothing to do")]:
        lines = [f"{title}:", "", "| | 1 job | 2 jobs | ratio |", "|---|---|---|---|"]
        for field in Shared.FIELDS:
            of = {jobs: [getattr(cost, field) for _, it, name, cost in rows
                         if (it, name) == (kind, jobs)] for jobs in JOBS}
            cells = [f"{statistics.median(v):.2f} ({min(v):.2f} – {max(v):.2f})"
                     for v in of.values()]
            lines.append(f"| {field} | {' | '.join(cells)} | {ratio(of)} |")
        texts.append("\n".join(lines) + "\n")
    again = [cost.wall_s for _, it, _, cost in rows if it == "again"]
    per_ten = statistics.median(again) * 10 / args.sequences
    texts.append(f"Where nothing is to do, ten sequences take {per_ten * 1000:.1f} ms.\n")
    return "\n".join(texts)


def ratio(of):
    one, two = (statistics.median(of[jobs]) for jobs in JOBS)
    return f"{one / two:.2f}" if two >= 0.05 else "–"


def keep(args, rows, summary):
    """Writes the record of this sitting: README.md, raw.csv and summary.md."""
    folder = args.runs / args.date
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "raw.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["round", "run", "jobs", *Shared.FIELDS])
        for *row, cost in rows:
            table.writerow([*row, *(f"{getattr(cost, name):.3f}" for name in Shared.FIELDS)])
    (folder / "summary.md").write_text(summary)
    (folder / "README.md").write_text(readme(args))
    print(f"kept in {folder}")


def readme(args):
    file_system = first_line(["stat", "-f", "-c", "%T", str(args.work)])
    source = first_line(["git", "-C", str(TOP), "describe", "--always", "--dirty"])
    return f"""# Many sequences, {args.date}

{args.sequences} sequences of three slices, raw images with {args.files} files of {args.bytes} bytes
and a hive of {args.keys} keys each; ten sequences at a time start from the same bytes. {args.rounds}
rounds, one job and two in turn, the first of a round changing; one thread for each sequence. The
outputs of all runs were the same bytes. Medians are in `summary.md`, every run in `raw.csv`. MB are
10^6 bytes; `others_s` is the CPU time that other programs took meanwhile, which a second job lacks: on
a machine that does nothing else the ratio is larger. The page cache is warm; sequences and results lie on {file_system}.

```sh
cargo build --release --locked
bench/many/jobs.py --sequences {args.sequences} --files {args.files} --bytes {args.bytes} \\
    --keys {args.keys} --rounds {args.rounds} --date {args.date} --work FOLDER
```

diskprint is run as `diskprint run --jobs N --quiet LAST_SLICE... RESULTS` into an empty folder, and
then as `diskprint run --jobs N --quiet --all RESULTS`.

| machine | |
|---|---|
{machine()}

| program | version |
|---|---|
| diskprint | {first_line([args.diskprint, "--version"])} |
| diskprint source | {source} |
| rustc | {first_line(["rustc", "--version"])} |
"""


if __name__ == "__main__":
    main()
