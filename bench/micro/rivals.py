#!/usr/bin/env python3
"""Single works of diskprint, each against the programs that people know for it: unpacking gzip,
digests, listing metadata, starting up; and how the comparison of two slices grows.

All programs of a work run in turn, in one sitting, and who goes first changes each round. Every
answer is checked: a wrong one ends the benchmark. Make a sequence with e2e/make_sequence.py first;
its first slice is what is unpacked and listed.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "sitting"))

from measure import Cost  # noqa: E402
from record import TOP, add_arguments, conditions, keep, ratio, spread, values  # noqa: E402
from tasks import Task, need, rounds  # noqa: E402

PROGRAMS = ["gzip", "pigz", "igzip", "md5sum", "openssl", "fiwalk", "qemu-img", "tar"]
STARTS = 50
MILLION = 1_000_000


class Told(Cost):
    """A cost, and how long the work alone took, as the program says: 0 where it says nothing."""

    FIELDS = (*Cost.FIELDS, "told_s")


def told(row):
    number, name, cost = row
    of = Told(**{field: getattr(cost, field) for field in ("exit_code", *Cost.FIELDS)})
    of.told_s = sum(map(float, re.findall(r"(\d+\.\d+) s\b", getattr(cost, "said", ""))))
    return number, name, of


def main():
    args = arguments()
    works = {"gzip": gzip, "digests": digests, "listing": listing, "comparison": comparison}
    need(PROGRAMS)
    rows, parts = [], []
    scratch = args.work / "micro"
    for work in args.only:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        if work == "start-up":
            part = list(map(told, start_up(args)))
            tasks = list(dict.fromkeys(name for _, name, _ in part))
        else:
            made = works[work](args, scratch)
            part = list(map(told, rounds(args, made, scratch / "log")))
            tasks = [task.name for task in made]
        rows += part
        parts.append(table(work, part, tasks))
        print(parts[-1])
    shutil.rmtree(scratch)
    keep(args, rows, "\n".join(parts), readme(args), Told.FIELDS)


def arguments():
    works = ["gzip", "digests", "listing", "comparison", "start-up"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=HERE.parent / "work", help="the sequence (%(default)s)")
    add("--examples", type=Path, default=TOP / "target/release/examples",
        help="where decode, digests, list and compare are (%(default)s)")
    add("--only", type=lambda text: text.split(","), default=works,
        help=f"which works, with a comma between them ({','.join(works)})")
    add("--megabytes", type=int, default=500, help="of the file to digest (%(default)s)")
    add("--compared", type=lambda text: [int(count) for count in text.split(",")],
        default=[250_000, 1_000_000],
        help="files in the slices to compare, with a comma between them (250000,1000000)")
    add_arguments(parser, "micro")
    args = parser.parse_args()
    unknown = set(args.only) - set(works)
    if unknown:
        parser.error(f"no such works: {', '.join(sorted(unknown))}")
    return args


def example(args, name):
    need([str(args.examples / name)])
    return args.examples / name


def gzip(args, scratch):
    """Unpacking a tarball. The rivals check lengths and CRCs; ours says how many bytes it got."""
    tarball = first_tarball(args)
    count = subprocess.run(["sh", "-c", 'gzip -dc "$1" | wc -c', "sh", tarball],
                           check=True, capture_output=True, text=True).stdout.strip()
    ours = Task("diskprint", [example(args, "decode"), tarball], says(f"{count} bytes"))
    return [ours, *(quiet(f"{name} -dc", tarball) for name in ("igzip", "pigz", "gzip"))]


def quiet(command, path):
    return Task(command, ["sh", "-c", f'exec {command} "$1" > /dev/null', "sh", path])


def digests(args, scratch):
    """Ours makes all three in one pass, the rivals one each."""
    path = scratch / "content"
    hashes = {name: hashlib.new(name) for name in ("md5", "sha1", "sha256")}
    with open(path, "wb") as file:
        block = hashlib.shake_256(b"diskprint").digest(MILLION)
        for _ in range(args.megabytes):
            file.write(block)
            for hash_ in hashes.values():
                hash_.update(block)
    true = {name: hash_.hexdigest() for name, hash_ in hashes.items()}
    sums = [f"{name}sum" for name in hashes]
    after = " && ".join(f'{sum_} "$1"' for sum_ in sums)
    return [
        Task("diskprint", [example(args, "digests"), path], says(*true.values())),
        Task("md5sum, sha1sum, sha256sum", ["sh", "-c", after, "sh", path], says(*true.values())),
        *(Task(f"{name}sum", [f"{name}sum", path], says(true[name])) for name in true),
        *(Task(f"openssl {name}", ["openssl", "dgst", f"-{name}", path], says(true[name]))
          for name in true),
    ]


def listing(args, scratch):
    """The metadata of all files of a raw image, no content."""
    image = scratch / "disk.raw"
    subprocess.run(["tar", "-xzf", first_tarball(args), "-C", scratch], check=True)
    disk = next(scratch.glob("*.vmwarevm/*.vmdk"))
    subprocess.run(["qemu-img", "convert", "-O", "raw", disk, image], check=True)
    shutil.rmtree(disk.parent)
    subprocess.run(["cat", image], check=True, stdout=subprocess.DEVNULL)  # into the page cache
    files = json.loads((args.work / "truth.json").read_text())["files"]
    return [
        Task("diskprint", [example(args, "list"), image],
             lambda said: about(files, sum(map(int, re.findall(r"(\d+) in use", said))))),
        Task("fiwalk -G0 -z", ["fiwalk", "-G0", "-z", image],
             lambda said: about(files, said.count("name_type: r"))),
    ]


def about(files, listed):
    """Whether as many are listed as were made; beside them are folders and the volume's own."""
    right = files <= listed <= files * 1.25 + 100
    return None if right else f"{listed} files listed, {files} are there"


def comparison(args, scratch):
    """Two slices in memory, 2 % of the files changed; the program checks its answer itself."""
    program = example(args, "compare")
    return [Task(f"diskprint, {count} files", [program, str(count)]) for count in args.compared]


def start_up(args):
    """How long a program takes that has nothing to do. They take turns, start by start."""
    commands = {"diskprint": [args.diskprint, "--help"], "fiwalk -V": ["fiwalk", "-V"],
                "true": ["true"]}
    return [(number, name, start(command)) for number in range(1, STARTS + 1)
            for name, command in commands.items()]


def start(command):
    """Costs one start; a milliseconds' work needs no sync before it."""
    streams = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    begin = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{command[0]} failed")
    # The peak would be ours.
    return Cost(0, wall, usage.ru_utime + usage.ru_stime, 0.0, 0.0, 0.0)


def first_tarball(args):
    return args.work / json.loads((args.work / "truth.json").read_text())["tarballs"][0]


def says(*answers):
    def wrong(said):
        missing = [answer for answer in answers if answer not in said]
        return f"did not say {missing[0]}" if missing else None
    return wrong


def table(work, rows, names):
    """Times in milliseconds, how many times the first of them, which is ours, each takes, and what
    programs say themselves."""
    lines = [f"{work}:", "",
             "| | wall, ms | CPU, ms | peak, MB | wall / first | CPU / first | work alone, ms |",
             "|---|---|---|---|---|---|---|"]
    for name in names:
        wall, cpu, alone = ([value * 1e3 for value in values(rows, name, field)]
                            for field in ("wall_s", "cpu_s", "told_s"))
        peak = max(values(rows, name, "peak_rss_mb"))
        cells = [name, spread(wall), spread(cpu), f"{peak:.0f}" if peak else "–",
                 ratio(rows, name, names[0], "wall_s", least=1e-4),
                 ratio(rows, name, names[0], "cpu_s", least=1e-4),
                 spread(alone) if any(alone) else "–"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def readme(args):
    made = json.loads((args.work / "truth.json").read_text())
    return f"""# Single works, {args.date}

The first slice of a sequence, {made['files']} files and {made['bytes'] / 1e6:.0f} MB of content, is unpacked and
listed; a file of {args.megabytes} MB is digested; slices of {', '.join(map(str, args.compared))} files, 2 % changed, are
compared. {args.rounds} rounds, the programs of a work in turn, the first of a round changing;
{STARTS} starts of each program. Answers were checked: bytes unpacked, all digests, the number of
files listed, the differences. Every run is in `raw.csv`. MB are 10^6 bytes; the page cache is warm.
Who starts a program counts in its peak: one below 13 MB is not told apart. The ratios of the
comparison say how it grows, the first count being 1. The work alone is the wall time that a program
tells of itself: without reading the arguments, or making the slices that it compares.

```sh
cargo build --release --locked
cargo build --release --locked -p diskprint --examples
bench/micro/rivals.py --work SEQUENCE --rounds {args.rounds} --date {args.date} --only {','.join(args.only)}
```

{conditions(args, PROGRAMS)}"""


if __name__ == "__main__":
    main()
