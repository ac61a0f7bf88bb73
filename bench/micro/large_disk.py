#!/usr/bin/env python3
"""Two states of a large, mostly empty disk, given as VMDK and snapshot: does diskprint pay for what
is in use, or for the length of the disk?

The rival converts each state to a sparse raw image and lists its files with their digests. Make the
disk with make_large_disk.py first.
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("e2e", "sitting")]

import answers  # noqa: E402
from record import add_arguments, conditions, keep, medians  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

RIVAL = """
out=$1; shift
for disk; do
    qemu-img convert -O raw "$disk" "$out/disk.raw" || exit
    fiwalk -G0 -X "$out/$(basename "$disk").xml" "$out/disk.raw" > /dev/null || exit
    rm "$out/disk.raw"
done
"""


def main():
    args = arguments()
    truth = json.loads((args.work / "truth.json").read_text())
    need([args.diskprint, "qemu-img", "fiwalk"])
    tasks = tasks_of(args, truth)
    rows = rounds(args, tasks, args.work / "log")
    summary = medians(rows, [task.name for task in tasks])
    print(summary)
    keep(args, rows, summary, readme(args, truth))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=HERE.parent / "work/large",
                        help="where the disk is (%(default)s)")
    add_arguments(parser, "large-disk")
    return parser.parse_args()


def tasks_of(args, truth):
    disks = [args.work / name for name in truth["tarballs"]]
    ours, theirs = args.work / "out-diskprint", args.work / "out-rival"
    return [
        Task("diskprint", [args.diskprint, "run", "--quiet", disks[-1], ours],
             lambda _: answers.of_diskprint(args.diskprint, ours, truth), ours),
        Task("qemu-img, fiwalk", ["sh", "-c", RIVAL, "sh", theirs, *disks],
             lambda _: listed(theirs, disks, truth), theirs),
    ]


def listed(out, disks, truth):
    return next(filter(None, (answers.of_list(out / f"{disk.name}.xml", truth) for disk in disks)),
                None)


def readme(args, truth):
    made = truth["settings"]
    return f"""# A large disk, {args.date}

A sparse disk of {made['gigabytes']} GB with {truth['files']} files of {truth['bytes'] / 1e6:.0f} MB in its first state; the second, a
VMDK whose parent is the first, has {truth['steps'][0]['bytes_written'] / 1e6:.0f} MB of other content. {args.rounds} rounds, both in turn, the
first of a round changing. Checked were diskprint's file changes, path by path, and that the rival
lists the files; it compares nothing. Medians are in `summary.md`, every run in `raw.csv`. MB are
10^6 bytes; the page cache is warm.

```sh
cargo build --release --locked
bench/micro/make_large_disk.py --gigabytes {made['gigabytes']} --files {made['files']} --megabytes {made['megabytes']} \\
    --changed {made['changed']} --seed {made['seed']}
bench/micro/large_disk.py --rounds {args.rounds} --date {args.date}
```

diskprint is run as `diskprint run --quiet {truth['tarballs'][-1]} RESULTS` into an empty folder.

{conditions(args, ["qemu-img", "fiwalk"])}"""


if __name__ == "__main__":
    main()
