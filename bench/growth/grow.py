#!/usr/bin/env python3
"""How the cost of a run grows with the files of a slice, with the slices, and with the share of
files that each slice changes.

Each is varied alone, the others staying as they are in the smallest sequence. Sequences are made
where they are not there yet. All run in turn, in one sitting, and who goes first changes each
round; each run's answer is checked. chart.py draws the record.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("e2e", "sitting")]

import answers  # noqa: E402
from record import add_arguments, conditions, keep, spread, values  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

TIMES = [1, 2, 4, 8]
PERCENTS = [0, 1, 5, 20]
PREFIX = answers.SEQUENCE


@dataclass(frozen=True)
class Shape:
    """A sequence: files and megabytes of its first slice, slices, percent changed by each step."""

    files: int
    megabytes: int
    slices: int = 2
    percent: int = 1

    def made_in(self, work):
        """Of sequences that are one another's beginnings only the longest is made."""
        return work / f"{self.files}-{self.megabytes}-{self.percent}"

    def name(self):
        return f"{self.files} files, {self.slices} slices, {self.percent} %"


def main():
    args = arguments()
    need([args.diskprint])
    series = series_of(Shape(args.files, args.megabytes))
    shapes = list(dict.fromkeys(shape for points in series.values() for _, shape in points))
    make(args, shapes)
    rows = rounds(args, [task_of(args, shape) for shape in shapes], args.work / "log")
    summary = summarise(series, rows)
    print(summary)
    points = {"points.csv": table_of(series)}
    keep(args, rows, summary, readme(args), others=points)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/growth",
        help="where sequences are made and kept (%(default)s)")
    add("--files", type=int, default=5_000, help="of the smallest sequence (%(default)s)")
    add("--megabytes", type=int, default=50, help="of the smallest sequence (%(default)s)")
    add("--hives", type=Path, help="tar.xz with real hives; left out when absent")
    add_arguments(parser, "growth")
    return parser.parse_args()


def series_of(base):
    """What is varied -> pairs of its value and the sequence."""
    return {
        "files": [(base.files * n, replace(base, files=base.files * n,
                                           megabytes=base.megabytes * n)) for n in TIMES],
        "slices": [(n, replace(base, slices=n)) for n in TIMES],
        "percent": [(n, replace(base, percent=n)) for n in PERCENTS],
    }


def make(args, shapes):
    """Makes the sequences that are not there, and for each shape a folder of its slices alone."""
    longest = {}
    for shape in shapes:
        key = shape.made_in(args.work)
        longest[key] = max(longest.get(key, shape), shape, key=lambda shape: shape.slices)
    for folder, shape in longest.items():
        truth = folder / "truth.json"
        if not truth.exists() or len(read(truth)["tarballs"]) < shape.slices:
            make_sequence(args, folder, shape)
    for shape in shapes:
        alone(args, shape)


def make_sequence(args, folder, shape):
    shutil.rmtree(folder, ignore_errors=True)
    hives = ["--hives", args.hives] if args.hives else []
    command = [sys.executable, HERE.parent / "e2e/make_sequence.py", "--work", folder,
               "--files", shape.files, "--megabytes", shape.megabytes, "--slices", shape.slices,
               "--percent", shape.percent, *hives]
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)


def alone(args, shape):
    """Links the shape's slices into a folder where no other is found beside them."""
    folder = args.work / shape.name()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in truth_of(args, shape)["tarballs"]:
        os.link(shape.made_in(args.work) / name, folder / name)


def truth_of(args, shape):
    truth = read(shape.made_in(args.work) / "truth.json")
    steps, tarballs = truth["steps"][: shape.slices - 1], truth["tarballs"][: shape.slices]
    return {**truth, "steps": steps, "tarballs": tarballs}


def read(path):
    return json.loads(path.read_text())


def task_of(args, shape):
    truth, out = truth_of(args, shape), args.work / "results"
    last = args.work / shape.name() / truth["tarballs"][-1]

    def wrong(_):
        if shape.percent == 0 and (count := rows_of(args, out)):
            return f"{count} differences of slices that are equal"
        return answers.of_diskprint(args.diskprint, out, truth)

    return Task(shape.name(), [args.diskprint, "run", "--quiet", last, out], wrong, out)


def rows_of(args, results):
    """How many differences there are of any kind."""
    command = [args.diskprint, "export", PREFIX, "--db", f"sqlite:{results}/diskprint.db",
               "--format", "jsonl"]
    return len(subprocess.run(command, check=True, capture_output=True).stdout.splitlines())


def summarise(series, rows):
    """A table for each thing varied: medians, and how many times the first of them."""
    parts = []
    for what, points in series.items():
        lines = [f"| {what} | wall, s | CPU, s | peak, MB | CPU, times the first |",
                 "|---|---|---|---|---|"]
        first = statistics.median(values(rows, points[0][1].name(), "cpu_s"))
        for value, shape in points:
            wall, cpu, peak = (values(rows, shape.name(), field)
                               for field in ("wall_s", "cpu_s", "peak_rss_mb"))
            times = statistics.median(cpu) / max(first, 1e-3)
            lines.append(f"| {value} | {spread(wall, 2)} | {spread(cpu, 2)} | {spread(peak)}"
                         f" | {times:.2f} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def table_of(series):
    """Which run of raw.csv is which point: for the chart."""
    lines = [f'{what},{value},"{shape.name()}"'
             for what, points in series.items() for value, shape in points]
    return "\n".join(["varied,value,what", *lines]) + "\n"


def readme(args):
    hives = " --hives HIVES.tar.xz" if args.hives else ""
    return f"""# Growth, {args.date}

The smallest sequence has {args.files} files of {args.megabytes} MB, two slices, 1 % changed; files (with their
content), slices and the share of files that each slice changes are varied alone. {args.rounds} rounds,
all in turn, the first of a round changing. Each run's file changes were checked path by path;
slices with nothing changed must have no difference of any kind. Medians are in `summary.md`, every
run in `raw.csv`, `points.csv` says which of them is which point of the chart. MB are 10^6 bytes;
the page cache is warm.

```sh
cargo build --release --locked
bench/growth/grow.py --files {args.files} --megabytes {args.megabytes} --rounds {args.rounds} --date {args.date}{hives}
bench/growth/chart.py bench/runs/{args.date}
```

{conditions(args)}"""


if __name__ == "__main__":
    main()
