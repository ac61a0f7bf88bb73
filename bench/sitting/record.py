"""The record of a sitting: its rows, its medians, and on what it was measured."""

import csv
import datetime
import os
import platform
import statistics
import subprocess
from pathlib import Path

from measure import Cost

BENCH = Path(__file__).resolve().parent.parent
TOP = BENCH.parent

# Programs whose version is asked for in another way than with --version.
VERSIONS = {
    "fiwalk": ["fiwalk", "-V"],
    "icat": ["icat", "-V"],
    "ewfacquire": ["ewfacquire", "-V"],
    "openssl": ["openssl", "version"],
    "hivexml": ["dpkg-query", "-W", "-f", "libhivex ${Version}", "libhivex-bin"],
}


def add_arguments(parser, name=""):
    """Arguments that all benchmarks have; `name` tells records of one day apart."""
    add = parser.add_argument
    add("--diskprint", default=str(TOP / "target/release/diskprint"), help="(%(default)s)")
    add("--rounds", type=int, default=3, help="runs of each (%(default)s)")
    add("--runs", type=Path, default=BENCH / "runs", help="where records go (%(default)s)")
    today = datetime.date.today().isoformat() + (name and f"-{name}")
    add("--date", default=today, help="name of the record, a date by habit (%(default)s)")
    add("--no-record", action="store_true", help="keep no record: a trial")


def spread(values, digits=1):
    """The median with smallest and largest."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f} – {max(values):.{digits}f})"


def values(rows, name, field):
    return [getattr(cost, field) for _, of, cost in rows if of == name]


def ratio(rows, name, than, field, least=0.05):
    """How often the median of `than` goes into that of `name`; a dash where that is next to
    nothing."""
    of, one = (values(rows, which, field) for which in (name, than))
    if not of or not one or statistics.median(one) < least:
        return "–"
    return f"{statistics.median(of) / statistics.median(one):.2f}"


def medians(rows, names, fields=Cost.FIELDS, ours="diskprint", digits=1):
    """A table with a row for each field and a column for each name, then how many times as much
    each rival took as we did."""
    rivals = [name for name in names if name != ours and ours in names]
    heads = ["", *names, *(f"{name} / {ours}" for name in rivals)]
    lines = [f"|{' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for field in fields:
        cells = [spread(values(rows, name, field), digits) for name in names]
        cells += [ratio(rows, name, ours, field) for name in rivals]
        lines.append(f"| {field} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def keep(args, rows, summary, readme, fields=Cost.FIELDS, others=None):
    """Writes README.md, raw.csv, summary.md, and `others` by their names."""
    if args.no_record:
        return
    folder = args.runs / args.date
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "raw.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["round", "what", *fields])
        for number, name, cost in rows:
            table.writerow([number, name, *(f"{getattr(cost, field):.4f}" for field in fields)])
    (folder / "summary.md").write_text(summary)
    (folder / "README.md").write_text(readme)
    for name, text in (others or {}).items():
        (folder / name).write_text(text)
    print(f"kept in {folder}")


def conditions(args, programs=()):
    """Tables of the machine and of all versions, for a README."""
    source = ["git", "-C", str(TOP), "describe", "--always", "--dirty"]
    rows = [
        ("diskprint", first_line([args.diskprint, "--version"])),
        ("diskprint source", first_line(source)),
        ("rustc", first_line(["rustc", "--version"])),
        *((name, first_line(VERSIONS.get(name, [name, "--version"]))) for name in programs),
    ]
    versions = "\n".join(f"| {name} | {version} |" for name, version in rows)
    return f"""| machine | |
|---|---|
{machine()}

| program | version |
|---|---|
{versions}
"""


def machine():
    def first(path, key):
        lines = Path(path).read_text().splitlines()
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "?")

    memory_kib = int(first("/proc/meminfo", "MemTotal").split()[0])
    rows = [
        ("CPU", f"{first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores"),
        ("memory", f"{memory_kib * 1024 / 1e9:.1f} GB"),
        ("kernel", platform.release()),
        ("load average at the end", " ".join(f"{load:.2f}" for load in os.getloadavg())),
    ]
    return "\n".join(f"| {name} | {value} |" for name, value in rows)


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "?"
    return ((done.stdout or done.stderr).strip().splitlines() or ["?"])[0]
