#!/usr/bin/env python3
"""Compares diskprint with the chain of tools a user would run by hand, with nothing but the
unpacking of the tarballs, and with the stages of the 2013 workflow, on the same sequence.

All run in turn, in one sitting, and who goes first changes each round. Every run is checked for
its answer: a wrong one ends the benchmark. Make the sequence with make_sequence.py first.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sitting"))

import answers  # noqa: E402
from measure import Cost  # noqa: E402
from record import add_arguments, conditions, keep, medians, spread, values  # noqa: E402
from scratch import Watch  # noqa: E402
from tasks import Task, need, one_run  # noqa: E402

PROGRAMS = {
    "diskprint": [],
    "verify": [],
    "pigz": ["pigz"],
    "chain": ["tar", "qemu-img", "fiwalk", "icat", "hivexml"],
    "original": ["tar", "qemu-img", "ewfacquire", "fiwalk", "file"],
}
UNPACK = 'for tarball; do pigz -dc "$tarball" > /dev/null || exit 1; done'


class Run(Cost):
    """A cost, and the most room on the disk that was taken beside the results."""

    FIELDS = (*Cost.FIELDS, "scratch_mb")


def main():
    args = arguments()
    truth = json.loads((args.work / "truth.json").read_text())
    programs = [program for tool in asked(args) for program in PROGRAMS[tool]]
    need([*programs, *([args.diskprint] if asked(args) != ["chain"] else [])])
    rows = rounds(args, truth)
    once = [("once", "original", one(args, truth, "original"))] if args.original else []
    stages = {"stages.txt": timings(args, truth)} if args.timings else {}
    summary = summarise(args, truth, rows, once)
    print(summary)
    keep(args, rows + once, summary, readme(args, truth, programs), Run.FIELDS, stages)


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work", help="the sequence (%(default)s)")
    add("--tools", type=lambda text: text.split(","), default=["diskprint", "pigz", "chain"],
        help="which to run: diskprint, verify (diskprint run --verify), pigz, chain; those with a"
             " comma between them (diskprint,pigz,chain)")
    add("--original", action="store_true",
        help="run the stages of the 2013 workflow, too: on the first slice, once")
    add("--timings", action="store_true",
        help="run diskprint once more at the end and keep what --timings says")
    add_arguments(parser, "e2e")
    args = parser.parse_args()
    unknown = set(args.tools) - PROGRAMS.keys() | set(args.tools) & {"original"}
    if unknown:
        parser.error(f"no such tools: {', '.join(sorted(unknown))}")
    return args


def asked(args):
    return args.tools + (["original"] if args.original else [])


def rounds(args, truth):
    """Runs every tool once a round and returns one row per run."""
    rows = []
    for number in range(1, args.rounds + 1):
        for tool in args.tools if number % 2 else reversed(args.tools):
            cost = one(args, truth, tool)
            rows.append((number, tool, cost))
            print(f"round {number}, {tool}: {cost.wall_s:.1f} s wall, {cost.cpu_s:.1f} s CPU",
                  file=sys.stderr)
    return rows


def one(args, truth, tool, options=()):
    task = task_of(args, truth, tool, options)
    watch = Watch(task.out)
    measured = one_run(task, args.work / f"{tool}.log", watch)
    cost = Run(**{field: getattr(measured, field) for field in Cost.__dataclass_fields__})
    cost.scratch_mb = watch.most_mb
    return cost


def task_of(args, truth, tool, options):
    out = args.work / f"out-{tool}"
    tarballs = [args.work / name for name in truth["tarballs"]]
    run = [args.diskprint, "run", *options, tarballs[-1], out]
    command, wrong = {
        "diskprint": (run, lambda _: answers.of_diskprint(args.diskprint, out, truth)),
        "verify": ([*run, "--verify"],
                   lambda _: answers.of_diskprint(args.diskprint, out, truth)),
        # It checks length and CRC-32 of each, and says with its exit code what is wrong.
        "pigz": (["sh", "-c", UNPACK, "sh", *tarballs], lambda _: None),
        "chain": ([HERE / "chain.sh", out, *tarballs], lambda _: answers.of_chain(out, truth)),
        "original": ([HERE / "original.sh", out, tarballs[0]],
                     lambda _: answers.of_original(out, truth)),
    }[tool]
    return Task(tool, command, wrong, out)


def timings(args, truth):
    """What `diskprint run --timings` prints."""
    one(args, truth, "diskprint", ["--timings", "--quiet"])
    return (args.work / "diskprint.log").read_text()


def summarise(args, truth, rows, once):
    """Tables of medians, and what follows from them."""
    parts = [medians(rows, args.tools)]
    if "diskprint" in args.tools:
        parts.append(room(rows, truth))
    if once and "diskprint" in args.tools:
        parts.append(extrapolated(rows, once[0][2], len(truth["tarballs"])))
    return "\n".join(parts)


def room(rows, truth):
    """The scratch space beside what it has to hold."""
    used = truth.get("used_bytes", truth["bytes"]) / 1e6
    changed = sum(step.get("bytes_written", 0) for step in truth["steps"]) / 1e6
    scratch = values(rows, "diskprint", "scratch_mb")
    return (f"Scratch space of diskprint at its largest: {spread(scratch, 0)} MB;"
            f" the first slice uses {used:.0f} MB, the steps write {changed:.0f} MB:"
            f" {max(scratch) / (used + changed):.2f} of both.\n")


def extrapolated(rows, cost, slices):
    lines = [f"The original's stages, on the first slice, once, times {slices}:", "",
             f"| | original, 1 slice | × {slices} | × {slices} / diskprint |",
             "|---|---|---|---|"]
    for field in ("wall_s", "cpu_s", "written_mb"):
        one, ours = getattr(cost, field), statistics.median(values(rows, "diskprint", field))
        times = f"{one * slices / ours:.1f}" if ours >= 0.05 else "–"
        lines.append(f"| {field} | {one:.1f} | {one * slices:.1f} | {times} |")
    return "\n".join(lines) + "\n"


def readme(args, truth, programs):
    made = truth["settings"]
    changes = sum(len(step[kind]) for step in truth["steps"] for kind in answers.KINDS)
    tools = f"{','.join(args.tools)}{' --original' if args.original else ''}"
    return f"""# End to end, {args.date}

{len(truth['tarballs'])} slices, {truth['files']} files and {truth['bytes'] / 1e6:.0f} MB of content in the first,
{changes} file changes in the further ones, {len(truth['hives'])} hives; seed {made['seed']}.
{args.rounds} rounds, all tools in turn, the first of a round changing. Each run's answer was
checked: diskprint's file changes against the maker's record path by path, the chain's lists and
dumps for being there, the original's lists and types likewise; pigz checks lengths and CRCs. None
but diskprint compares anything; its time includes that. Medians are in `summary.md`, every run in
`raw.csv`. MB are 10^6 bytes; the peak is that of the largest process; reads count only what the
page cache did not have; scratch is looked at ten times a second. The original's stages are slow:
where they are in, they ran on the first slice alone, once, and `summary.md` multiplies.

```sh
cargo build --release --locked
bench/e2e/make_sequence.py --files {made['files']} --megabytes {made['megabytes']} \\
    --slices {made['slices']} --percent {made['percent']} --seed {made['seed']} --hives HIVES.tar.xz
bench/e2e/compare.py --rounds {args.rounds} --date {args.date} --tools {tools}
```

diskprint is run as `diskprint run {truth['tarballs'][-1]} RESULTS` into an empty folder, the chain
as `bench/e2e/chain.sh FOLDER TARBALL...`, the original's stages as `bench/e2e/original.sh FOLDER
TARBALL`.

{conditions(args, dict.fromkeys(programs))}"""


if __name__ == "__main__":
    main()
