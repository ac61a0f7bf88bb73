"""How much room a run takes beside its results, at most."""

import os
import stat
from pathlib import Path

PREFIX = ".scratch"  # of scratch folders in a results folder. Source: crates/cli/src/run/lock.rs
BLOCK = 512  # unit of st_blocks. Source: stat(3type), Linux


class Watch:
    """Looks at the scratch folders in `results` when it is called, and keeps the most it saw."""

    def __init__(self, results):
        self.results = Path(results)
        self.most_mb = 0.0

    def __call__(self, process):
        named = sum(allocated(path) for path in self.results.glob(f"{PREFIX}*"))
        self.most_mb = max(self.most_mb, (named + nameless(process)) / 1e6)


def allocated(folder):
    """Bytes that the files in `folder` take on the disk."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * BLOCK
            except FileNotFoundError:
                pass  # removed since the folder was listed
    return total


def nameless(process):
    """Bytes of the files that a process has open and that have no name any more."""
    found = {}
    folder = f"/proc/{process}/fd"
    try:
        for number in os.listdir(folder):
            file = os.stat(f"{folder}/{number}")
            if stat.S_ISREG(file.st_mode) and not file.st_nlink:
                found[file.st_dev, file.st_ino] = file.st_blocks * BLOCK
    except OSError:
        pass  # it has ended
    return sum(found.values())
