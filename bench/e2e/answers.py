"""What is wrong with the answer of a run, if anything. A run that is quick and wrong is no run."""

import json
import subprocess
from collections import defaultdict

SEQUENCE = "8504-1-9001-1"
KINDS = ("new", "deleted", "renamed", "modified")


def of_diskprint(program, results, truth):
    """Compares the file differences that `diskprint export` gives with the maker's own record."""
    database = f"sqlite:{results}/diskprint.db"
    command = [program, "export", SEQUENCE, "--db", database, "--format", "jsonl"]
    rows = subprocess.run(command, check=True, capture_output=True).stdout.splitlines()
    found = told_changes(map(json.loads, rows))
    wanted = true_changes(truth)
    for key in sorted(found.keys() | wanted.keys()):
        if found[key] != wanted[key]:
            return describe(key, found[key], wanted[key])
    return None


def told_changes(rows):
    """Sorts the rows about files that the maker could touch by (slice, kind of change).

    A row about a file names its `action` (new, deleted or altered) and, when altered, its
    `changes`. Directories, streams and the volume's own `$` files are not in the record.
    """
    found = defaultdict(set)
    for row in rows:
        if row["type"] != "file" or row["stream"] is not None or row["file_type"] == "d":
            continue
        path = row["path"]
        if path.startswith("$"):
            continue
        if row["action"] in ("new", "deleted"):
            found[str(row["sliceid"]), row["action"]].add(path)
        for change in ("renamed", "modified"):
            if change in row["changes"]:
                found[str(row["sliceid"]), change].add(path)
    return found


def true_changes(truth):
    """The maker's record in the same form; a renamed file goes by its later path."""
    wanted = defaultdict(set)
    for step in truth["steps"]:
        for kind in KINDS:
            paths = step[kind] if kind != "renamed" else [after for _, after in step[kind]]
            wanted[step["slice"], kind] = set(paths)
    return wanted


def describe(key, found, wanted):
    missed, invented = sorted(wanted - found), sorted(found - wanted)
    return (
        f"slice {key[0]}, {key[1]}: {len(found)} told, {len(wanted)} true;"
        f" missed {missed[:3]}, invented {invented[:3]}"
    )


def of_chain(work, truth):
    """The chain compares nothing: each slice must have its list of files and all hives as XML."""
    for tarball in truth["tarballs"]:
        folder = work / tarball.removesuffix(".tar.gz")
        hives = [path for path in folder.glob("hives/*.xml") if path.stat().st_size]
        if len(hives) != len(truth["hives"]):
            return f"{tarball}: {len(hives)} of {len(truth['hives'])} hives dumped"
        if wrong := of_list(folder / "files.xml", truth):
            return f"{tarball}: {wrong}"
    return None


def of_original(folder, truth):
    """Both lists must have the files of the slice, each with its type."""
    for name in ("fiout.dfxml", "fiout-alloc-only.dfxml"):
        if wrong := of_list(folder / name, truth) or of_types(folder / name, truth):
            return f"{name}: {wrong}"
    return None


def of_list(path, truth):
    return too_few(path, b"<name_type>r<", truth, "files listed")


def of_types(path, truth):
    return too_few(path, b"<libmagic>", truth, "files have a type")


def too_few(path, mark, truth, what):
    """Steps make a few files more or less than the first slice has."""
    with open(path, "rb") as file:
        count = sum(line.count(mark) for line in file)
    return f"{count} of about {truth['files']} {what}" if count < truth["files"] * 0.9 else None
