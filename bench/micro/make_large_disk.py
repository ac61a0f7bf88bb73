#!/usr/bin/env python3
"""Makes two states of a large, mostly empty disk, the second as a VMDK that has only what differs
from the first, with a truth file as e2e/make_sequence.py writes it.

An NTFS volume fills the disk; there is no partition table. 8504-1-9001-1-10.vmdk is the first
state and the parent of 8504-1-9001-1-20.vmdk.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("e2e", "sitting")]

from content import Content  # noqa: E402
from make_sequence import PREFIX, Tree, format_volume, mounted, run, used_bytes  # noqa: E402
from tasks import need  # noqa: E402

GRAIN = 64 << 10  # what a sparse VMDK is allocated in. Source: VMware Virtual Disks 5.0, "grain"
PIECE = 1 << 20
LONGEST_RUN = 64 << 20


def main():
    args = arguments()
    need(["mkntfs", "ntfs-3g", "umount", "qemu-img", "qemu-io", "cp"])
    args.work.mkdir(parents=True, exist_ok=True)
    truth = make(args)
    (args.work / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    for name in truth["tarballs"]:
        print(f"{name}: {(args.work / name).stat().st_blocks * 512 / 1e6:.0f} MB")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work/large", help="folder (%(default)s)")
    add("--gigabytes", type=int, default=100, help="length of the disk (%(default)s)")
    add("--megabytes", type=int, default=2_000, help="content of the first state (%(default)s)")
    add("--changed", type=int, default=1_000, help="megabytes of new files (%(default)s)")
    add("--files", type=int, default=20_000, help="files of the first state (%(default)s)")
    add("--seed", type=int, default=9001, help="of content and changes (%(default)s)")
    return parser.parse_args()


def make(args):
    before, after = args.work / "before.raw", args.work / "after.raw"
    names = [f"{PREFIX}-{number}.vmdk" for number in (10, 20)]
    rng = random.Random(args.seed)
    tree = Tree(rng, Content(rng))
    format_volume(before, args.gigabytes << 10)
    with tempfile.TemporaryDirectory(prefix="diskprint-bench-") as root:
        root = Path(root)
        with mounted(before, root):
            tree.fill(root, args.files, args.megabytes * 1_000_000)
            first = {"files": len(tree.paths), "bytes": tree.bytes_written,
                     "used_bytes": used_bytes(root)}
        run("cp", "--sparse=always", before, after)
        with mounted(after, root):
            step = change(tree, root, args)
    for name in names:
        (args.work / name).unlink(missing_ok=True)
    base, delta = (args.work / name for name in names)
    run("qemu-img", "convert", "-O", "vmdk", "-o", "subformat=monolithicSparse", before, base)
    write_delta(before, after, base, delta)
    before.unlink()
    after.unlink()
    settings = {name: getattr(args, name)
                for name in ("gigabytes", "megabytes", "changed", "files", "seed")}
    return {"settings": settings, "tarballs": names, "hives": [], **first,
            "steps": [{"slice": "20", **step}]}


def change(tree, root, args):
    """Changes a few files, and adds many."""
    written = tree.bytes_written
    step = tree.change(root, 0.02)
    count = max(1, args.files * args.changed // args.megabytes)
    sizes = tree.content.sizes(count, args.changed * 1_000_000)
    step["new"] = sorted(step["new"] + [tree.create(root, size) for size in sizes])
    return {**step, "bytes_written": tree.bytes_written - written}


def write_delta(before, after, base, delta):
    """Makes a VMDK with `base` as its parent, and writes what differs into it."""
    run("qemu-img", "create", "-f", "vmdk", "-o", "subformat=monolithicSparse",
        "-b", base.name, "-F", "vmdk", delta.name, cwd=base.parent)
    with tempfile.TemporaryDirectory(dir=base.parent) as pieces, open(after, "rb") as file:
        commands = []
        for number, (start, end) in enumerate(runs(before, after)):
            piece = Path(pieces) / str(number)
            piece.write_bytes(os.pread(file.fileno(), end - start, start))
            commands.append(f"write -q -s {piece} {start} {end - start}\n")
        run("qemu-io", "-f", "vmdk", delta, input="".join(commands).encode())


def runs(before, after):
    """The byte ranges of whole grains that differ, those that touch as one."""
    last = None
    for start, end in grains(before, after):
        if last and last[1] == start and end - last[0] <= LONGEST_RUN:
            last = (last[0], end)
        else:
            if last:
                yield last
            last = (start, end)
    if last:
        yield last


def grains(before, after):
    """The grains that differ. A file system never makes a hole, so all are in data of `after`."""
    with open(before, "rb") as old, open(after, "rb") as new:
        old, new = old.fileno(), new.fileno()
        for start, end in data_ranges(new):
            for piece in range(start // PIECE * PIECE, end, PIECE):
                one, other = os.pread(old, PIECE, piece), os.pread(new, PIECE, piece)
                for at in range(0, len(other), GRAIN) if one != other else ():
                    if one[at : at + GRAIN] != other[at : at + GRAIN]:
                        yield piece + at, piece + min(at + GRAIN, len(other))


def data_ranges(file):
    """Where a sparse file has data, in whole pieces; no piece twice."""
    length, end = os.fstat(file).st_size, 0
    while end < length:
        try:
            start = max(os.lseek(file, end, os.SEEK_DATA), end)
        except OSError:
            return  # a hole up to the end
        stop = os.lseek(file, start, os.SEEK_HOLE)
        start, end = start // PIECE * PIECE, min(-(-stop // PIECE) * PIECE, length)
        yield start, end


if __name__ == "__main__":
    main()
