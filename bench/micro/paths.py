#!/usr/bin/env python3
"""The whole run over two slices of very many files: how much memory does it take?

The slices are bare images of small files (crates/testkit/examples/many_files.rs); the second has
one in a hundred more. Both ways, with and without --max-memory, run in turn, in one sitting, and
who goes first changes each round. Needs much room for the results: about 6 GB for a million files.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sitting"))

from record import TOP, add_arguments, conditions, keep, medians  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

SEQUENCE = "8504-1-9003-1"


def main():
    args = arguments()
    maker = args.examples / "many_files"
    need([args.diskprint, str(maker)])
    args.work.mkdir(parents=True, exist_ok=True)
    counts = [args.files, args.files + args.files // 100]
    images = [args.work / f"{SEQUENCE}-{number}.img" for number in (10, 20)]
    for count, image in zip(counts, images):
        image.unlink(missing_ok=True)
        subprocess.run([maker, str(count), image], check=True, stdout=subprocess.DEVNULL)
    tasks = tasks_of(args, images[-1], counts[1] - counts[0])
    rows = rounds(args, tasks, args.work / "log")
    for image in images:
        image.unlink()
    summary = medians(rows, [task.name for task in tasks])
    print(summary)
    keep(args, rows, summary, readme(args))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/paths",
        help="where images and results go (%(default)s)")
    add("--examples", type=Path, default=TOP / "target/release/examples",
        help="where the program many_files is (%(default)s)")
    add("--files", type=int, default=2_000_000, help="in the first slice (%(default)s)")
    add("--max-memory", help="run with this limit, too: --max-memory of diskprint run")
    add_arguments(parser, "paths")
    return parser.parse_args()


def tasks_of(args, last, new):
    out = args.work / "results"
    run = [args.diskprint, "run", "--quiet", last, out]
    ways = {"diskprint": run}
    if args.max_memory:
        ways[f"--max-memory {args.max_memory}"] = [*run, "--max-memory", args.max_memory]
    # 2 is for faults: the images leave records of the file system's own empty.
    return [Task(name, command, lambda _: wrong_rows(args, out, new), out, (0, 2))
            for name, command in ways.items()]


def wrong_rows(args, results, new):
    """As many files as were added are new, and nothing happened to the others."""
    command = [args.diskprint, "export", SEQUENCE, "--db", f"sqlite:{results}/diskprint.db",
               "--format", "jsonl"]
    told = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE) as export:
        for row in map(json.loads, export.stdout):
            if row["type"] == "file" and row["file_type"] == "r" and row["path"][0] != "$":
                told[row["action"]] = told.get(row["action"], 0) + 1
    if export.returncode or told != {"new": new}:
        return f"told {told}, and {new} files are new"
    return None


def readme(args):
    limit = f" --max-memory {args.max_memory}" if args.max_memory else ""
    return f"""# Many paths, {args.date}

Two slices, bare images with an NTFS volume of {args.files} small files, the second with one in a
hundred more. {args.rounds} rounds, all in turn, the first of a round changing. Checked was that as
many files are told as new as there are, and none as anything else. Medians are in `summary.md`,
every run in `raw.csv`. MB are 10^6 bytes; the page cache is warm.

```sh
cargo build --release --locked
cargo build --release --locked -p diskprint-testkit --example many_files
bench/micro/paths.py --files {args.files} --rounds {args.rounds} --date {args.date}{limit}
```

diskprint is run as `diskprint run --quiet LAST_IMAGE RESULTS` into an empty folder.

{conditions(args)}"""


if __name__ == "__main__":
    main()
