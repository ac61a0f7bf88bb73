#!/usr/bin/env python3
"""A disk written as EnCase 6 E01, by diskprint and by ewfacquire: the same raw image, 64 sectors a
chunk, fast deflate, MD5 and SHA-1, the same length of segments.

What each wrote must export to the SHA-256 of the disk and be found right by ewfverify, every time.
The disk is made of this machine's programs and documents, with stretches of zeros and of bytes that
do not compress: a fifth each.
"""

import argparse
import hashlib
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "sitting")]

from record import TOP, add_arguments, conditions, keep, medians, ratio  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

SEGMENT = 1_503_238_553
BLOCK = 1 << 20


def main():
    args = arguments()
    need([args.example, "ewfacquire", "ewfverify", "ewfexport"])
    args.work.mkdir(parents=True, exist_ok=True)
    disk = args.work / f"disk-{args.megabytes}.raw"
    if not disk.exists():
        make(disk, args.megabytes, args.seed)
    digest = sha256(disk)
    ours, theirs = args.work / "out-diskprint", args.work / "out-ewfacquire"
    rival = ["ewfacquire", "-u", "-q", "-t", theirs / "out", "-f", "encase6", "-b", "64",
             "-c", "deflate:fast", "-m", "fixed", "-M", "logical", "-d", "sha1", "-C", "case",
             "-S", str(SEGMENT), disk]
    tasks = [
        Task("diskprint", [args.example, disk, ours], lambda _: wrong(ours, digest), ours),
        Task("ewfacquire", rival, lambda _: wrong(theirs, digest), theirs),
    ]
    rows = rounds(args, tasks, args.work / "log")
    summary = medians(rows, [task.name for task in tasks])
    print(summary)
    print("ewfacquire takes", ratio(rows, "ewfacquire", "diskprint", "wall_s"), "times as long")
    keep(args, rows, summary, readme(args))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/archive", help="scratch (%(default)s)")
    add("--example", default=str(TOP / "target/release/examples/archive"), help="(%(default)s)")
    add("--megabytes", type=int, default=1000, help="length of the disk (%(default)s)")
    add("--seed", type=int, default=1, help="(%(default)s)")
    add_arguments(parser, "archive")
    return parser.parse_args()


def make(disk, megabytes, seed):
    chance = random.Random(seed)
    files = sorted(path for folder in ("/usr/bin", "/usr/lib", "/usr/share")
                   for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink())
    chance.shuffle(files)
    real = contents(files)
    with open(disk, "wb") as out:
        for number in range(megabytes):
            kind = number % 5
            block = b"" if kind == 0 else chance.randbytes(BLOCK) if kind == 1 else next(real)
            out.write(block.ljust(BLOCK, b"\0"))


def contents(files):
    held = b""
    while True:
        for path in files:
            try:
                held += path.read_bytes()
            except OSError:
                continue
            while len(held) >= BLOCK:
                yield held[:BLOCK]
                held = held[BLOCK:]


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong(folder, digest):
    """What is wrong with the image in a folder, or nothing."""
    image = folder / "out.E01"
    verified = subprocess.run(["ewfverify", "-q", "-d", "sha1", image], capture_output=True)
    if b"ewfverify: SUCCESS" not in verified.stdout:
        return "ewfverify finds it wrong"
    back = folder / "back"
    export = ["ewfexport", "-u", "-q", "-f", "raw", "-t", back, image]
    subprocess.run(export, capture_output=True, check=True)
    return None if sha256(folder / "back.raw") == digest else "it holds another disk"


def readme(args):
    return f"""# A disk as E01, {args.date}

A disk of {args.megabytes} MiB: of five MiB one of zeros, one that does not compress, three of this machine's programs and
documents. {args.rounds} rounds, both in turn, the first of a round changing. Each time `ewfverify` found the image
right, and `ewfexport` gave the SHA-256 of the disk. Medians are in `summary.md`, every run in `raw.csv`. MB are 10^6
bytes; the page cache is warm. diskprint uses all cores, ewfacquire of this version one.

```sh
cargo build --release --locked -p diskprint --example archive
bench/micro/archive.py --megabytes {args.megabytes} --seed {args.seed} --rounds {args.rounds} --date {args.date}
```

{conditions(args, ["ewfacquire"])}"""


if __name__ == "__main__":
    main()
