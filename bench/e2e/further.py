#!/usr/bin/env python3
"""What each further slice of a sequence costs on one core, against unpacking its tarball.

All of it runs on one core, with one thread: diskprint over all slices and over the first alone,
and the further tarballs through our own decoder and through gzip, pigz and igzip. The difference
of the first two, divided by the number of further slices, is what one of them costs. Make the
sequence with make_sequence.py first.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sitting"))

import answers  # noqa: E402
from record import TOP, add_arguments, conditions, keep, spread, values  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

RIVALS = ["gzip", "pigz", "igzip"]


def main():
    args = arguments()
    truth = json.loads((args.work / "truth.json").read_text())
    need([args.diskprint, str(args.examples / "decode"), "taskset", *RIVALS])
    slices = len(truth["tarballs"])
    if slices < 2:
        sys.exit("a sequence of one slice has no further ones")
    rows = rounds(args, tasks_of(args, truth), args.work / "further.log")
    shutil.rmtree(args.work / "first")
    summary = summarise(rows, slices - 1)
    print(summary)
    keep(args, rows, summary, readme(args, truth))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work", help="the sequence (%(default)s)")
    add("--examples", type=Path, default=TOP / "target/release/examples",
        help="where the program decode is (%(default)s)")
    add("--core", default=str(os.cpu_count() - 1), help="the core to run on (%(default)s)")
    add_arguments(parser, "further")
    return parser.parse_args()


def tasks_of(args, truth):
    pinned = ["taskset", "--cpu-list", args.core]
    run = [*pinned, args.diskprint, "run", "--quiet", "--threads", "1"]
    tarballs = [args.work / name for name in truth["tarballs"]]
    out = args.work / "out-further"
    return [
        Task("all slices", [*run, tarballs[-1], out],
             lambda _: answers.of_diskprint(args.diskprint, out, truth), out),
        # A run that compares nothing has nothing to be wrong about but its exit code.
        Task("first slice", [*run, alone(args, tarballs[0]), out], out=out),
        Task("decode", [*pinned, args.examples / "decode", *tarballs[1:]],
             is_length(tarballs[1:])),
        *(Task(f"{name} -dc", [*pinned, "sh", "-c", f'{name} -dc "$@" > /dev/null', "sh",
                               *tarballs[1:]])
          for name in RIVALS),
    ]


def alone(args, tarball):
    """The tarball in a folder where no other slice is found beside it."""
    folder = args.work / "first"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.link(tarball, folder / tarball.name)
    return folder / tarball.name


def is_length(tarballs):
    """Whether a program says how many bytes gzip unpacks from the tarballs."""
    unpack = ["sh", "-c", 'gzip -dc "$@" | wc -c', "sh", *tarballs]
    count = subprocess.run(unpack, check=True, capture_output=True, text=True).stdout.strip()
    told = f"{count} bytes"
    return lambda said: None if said.strip() == told else f"said {said.strip()}, not {told}"


def summarise(rows, further):
    lines = ["CPU seconds and wall seconds of one further slice, on one core:", "",
             "| | CPU, s | wall, s | diskprint takes, of CPU |", "|---|---|---|---|"]
    slice_s = {field: per_slice(rows, further, field) for field in ("cpu_s", "wall_s")}
    ours = statistics.median(slice_s["cpu_s"])
    lines.append(f"| diskprint, a further slice | {spread(slice_s['cpu_s'], 2)} |"
                 f" {spread(slice_s['wall_s'], 2)} | 1 |")
    for name in ["decode", *(f"{rival} -dc" for rival in RIVALS)]:
        cpu, wall = ([value / further for value in values(rows, name, field)]
                     for field in ("cpu_s", "wall_s"))
        times = ours / max(statistics.median(cpu), 1e-3)
        lines.append(f"| {name} | {spread(cpu, 2)} | {spread(wall, 2)} | {times:.2f} times |")
    first = spread(values(rows, "first slice", "cpu_s"), 2)
    lines += ["", f"The first slice takes {first} s of CPU."]
    return "\n".join(lines) + "\n"


def per_slice(rows, further, field):
    """(all - first) / further, of each round."""
    of = {(number, name): getattr(cost, field) for number, name, cost in rows}
    numbers = sorted({number for number, _, _ in rows})
    return [(of[number, "all slices"] - of[number, "first slice"]) / further for number in numbers]


def readme(args, truth):
    return f"""# A further slice on one core, {args.date}

{len(truth['tarballs'])} slices, {truth['files']} files and {truth['bytes'] / 1e6:.0f} MB of content in the first, {truth['settings']['percent']} % of the
files changed in each further one. {args.rounds} rounds, all in turn, the first of a round changing.
diskprint runs with `--threads 1`, and all programs on core {args.core} alone. Checked were diskprint's file
changes over all slices, path by path, and the number of bytes that `decode` unpacks; the others
check lengths and CRCs. Medians are in `summary.md`, every run in `raw.csv`.

```sh
cargo build --release --locked
cargo build --release --locked -p diskprint --example decode
bench/e2e/further.py --work SEQUENCE --rounds {args.rounds} --date {args.date}
```

{conditions(args, RIVALS)}"""


if __name__ == "__main__":
    main()
