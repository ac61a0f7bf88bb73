#!/usr/bin/env python3
"""Makes a sequence of slices with a truth file, for the end-to-end benchmark.

One NTFS volume lives through all slices: it is filled, then a share of its files are created,
deleted, renamed and rewritten before each further slice. Content and changes follow from --seed;
times and the volume's serial number do not, they are those of the moment.
"""

import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path

from content import Content

PREFIX = "8504-1-9001-1"
SECTOR = 512
PARTITION_START = 2048 * SECTOR
PROGRAMS = ["mkntfs", "ntfs-3g", "umount", "qemu-img", "tar", "dd"]

# What a step does with the files that it touches.
SHARES = {"new": 0.25, "deleted": 0.25, "renamed": 0.15, "modified": 0.35}

# Name in the archive of real hives -> path in the volume.
HIVES = {
    "SYSTEM": "Windows/System32/config/SYSTEM",
    "ntuser_software_partial": "Windows/System32/config/SOFTWARE",
    "ez_SAM": "Windows/System32/config/SAM",
    "p_NTUSER-WIN7.DAT": "Users/alice/NTUSER.DAT",
    "p_NTUSER.DAT": "Users/bob/NTUSER.DAT",
    "ez_Acronis_0x52_Usrclass.dat": "Users/alice/AppData/Local/Microsoft/Windows/UsrClass.dat",
    "ez_BCD": "Boot/BCD",
}
KEYS_PER_STEP = 40


def main():
    args = arguments()
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        sys.exit(f"not here: {', '.join(missing)}")
    args.work.mkdir(parents=True, exist_ok=True)
    truth = make(args)
    path = args.work / "truth.json"
    path.write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n")
    print(f"{path}: {truth['files']} files, {truth['bytes'] / 1e6:.0f} MB in the first slice")


def arguments():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work", type=Path, default=here.parent / "work", help="folder to fill (%(default)s)")
    add("--files", type=int, default=116_000, help="files in the first slice (%(default)s)")
    add("--megabytes", type=int, default=3_400, help="their content (%(default)s)")
    add("--slices", type=int, default=4, help="how many (%(default)s)")
    add("--percent", type=float, default=2.5,
        help="files that a step touches; with 0 slices are equal, hives too (%(default)s)")
    add("--seed", type=int, default=9001, help="of content and changes (%(default)s)")
    add("--hives", type=Path, help="tar.xz with real hives; left out when absent")
    return parser.parse_args()


def make(args):
    rng = random.Random(args.seed)
    volume = args.work / "volume.img"
    disk = args.work / "disk.img"
    format_volume(volume, args.megabytes * 13 // 10 + args.files // 300 + 160)
    write_mbr(disk, volume.stat().st_size)
    slices = [str(10 * number) for number in range(1, args.slices + 1)]
    tree = Tree(rng, Content(rng))
    steps = []
    with tempfile.TemporaryDirectory(prefix="diskprint-bench-") as root:
        root = Path(root)
        for name in slices:
            if name == slices[0]:
                with mounted(volume, root):
                    first, hives = fill(tree, root, args)
            elif args.percent:
                with mounted(volume, root):
                    steps.append({"slice": name, **change(tree, root, args, hives, name)})
            else:
                # Not even mounted: that alone would change the volume.
                steps.append({"slice": name, **tree.change(root, 0), "hive_keys_new": {}})
            pack(args.work, volume, disk, f"{PREFIX}-{name}")
    volume.unlink()
    disk.unlink()
    tarballs = [f"{PREFIX}-{name}.tar.gz" for name in slices]
    names = ["files", "megabytes", "slices", "percent", "seed"]
    settings = {name: getattr(args, name) for name in names}
    return {"settings": settings, "tarballs": tarballs, "hives": hives, "steps": steps, **first}


def fill(tree, root, args):
    """Fills the volume; returns what the first slice has, and the paths of its hives."""
    tree.fill(root, args.files, args.megabytes * 1_000_000)
    hives = place_hives(root, args.hives)
    first = {"files": len(tree.paths) + len(hives), "bytes": tree.bytes_written,
             "used_bytes": used_bytes(root)}
    return first, hives


def change(tree, root, args, hives, name):
    """Changes the volume; returns what was done to it."""
    written = tree.bytes_written
    step = tree.change(root, args.percent / 100)
    step["hive_keys_new"] = edit_hives(root, hives, name)
    step["modified"] += sorted(step["hive_keys_new"])
    rewritten = sum((root / path).stat().st_size for path in step["hive_keys_new"])
    return {**step, "bytes_written": tree.bytes_written - written + rewritten}


def used_bytes(root):
    """Bytes of all clusters in use, those of the file system itself too."""
    volume = os.statvfs(root)
    return (volume.f_blocks - volume.f_bfree) * volume.f_frsize


class Tree:
    """The files of the volume as they should be, and the changes made to them."""

    def __init__(self, rng, content):
        self.rng = rng
        self.content = content
        self.paths = []
        self.folders = []
        self.next_number = 0
        self.bytes_written = 0

    def fill(self, root, files, bytes_wanted):
        for number in range(max(1, files // 50)):
            folder = f"Data/group{number // 20:03}/set{number % 20:02}"
            (root / folder).mkdir(parents=True)
            self.folders.append(folder)
        for size in self.content.sizes(files, bytes_wanted):
            self.paths.append(self.create(root, size))

    def create(self, root, size):
        number = self.next_number
        self.next_number += 1
        path = f"{self.rng.choice(self.folders)}/file{number:06}.{number % 7}"
        self.bytes_written += (root / path).write_bytes(self.content.of(number, 0, size))
        return path

    def change(self, root, share):
        """Changes files, each at most in one way, and returns the paths by kind of change."""
        touched = len(self.paths) * share
        count = {kind: round(touched * part) for kind, part in SHARES.items()}
        self.rng.shuffle(self.paths)
        cut = iter(list(self.paths))
        deleted, renamed, modified = (
            [next(cut) for _ in range(count[kind])] for kind in ("deleted", "renamed", "modified")
        )
        kept = list(cut) + modified
        for path in deleted:
            (root / path).unlink()
        moves = [[path, self.rename(root, path)] for path in renamed]
        for path in modified:
            self.rewrite(root, path)
        new = [self.create(root, size) for size in self.content.sizes(count["new"], None)]
        self.paths = sorted(kept + [after for _, after in moves] + new)
        return {
            "new": sorted(new),
            "deleted": sorted(deleted),
            "renamed": sorted(moves),
            "modified": sorted(modified),
        }

    def rename(self, root, path):
        """Every other file stays in its folder, the others move."""
        folder, name = path.rsplit("/", 1)
        self.next_number += 1
        if self.next_number % 2:
            folder = self.rng.choice(self.folders)
        after = f"{folder}/moved{self.next_number:06}-{name}"
        (root / path).rename(root / after)
        return after

    def rewrite(self, root, path):
        """Half the files get other bytes in place, half a wholly new content."""
        self.next_number += 1
        size = (root / path).stat().st_size
        data = self.content.of(self.next_number, 1, max(size, 64))
        if self.next_number % 2:
            self.bytes_written += (root / path).write_bytes(data)
        else:
            with open(root / path, "r+b") as file:
                file.seek(size // 2)
                self.bytes_written += file.write(data[:4096])


def format_volume(path, megabytes):
    path.unlink(missing_ok=True)
    with open(path, "wb") as file:
        file.truncate(megabytes << 20)
    geometry = ["-p", str(PARTITION_START // SECTOR), "-s", str(SECTOR), "-H", "255", "-S", "63"]
    run("mkntfs", "-F", "-Q", "-q", "-c", "4096", *geometry, "-L", "bench", path)


def write_mbr(path, volume_bytes):
    """Writes a disk with one active NTFS partition. Source: UEFI spec 2.10, 5.2.1, Table 5.1."""
    no_chs = b"\xfe\xff\xff"
    entry = struct.pack("<B3sB3sII", 0x80, no_chs, 7, no_chs, PARTITION_START // SECTOR,
                        volume_bytes // SECTOR)
    with open(path, "wb") as file:
        file.seek(440)
        file.write(struct.pack("<IH", 0x9001, 0) + entry + bytes(48) + b"\x55\xaa")
        file.truncate(PARTITION_START + volume_bytes)


@contextmanager
def mounted(volume, root):
    mount = subprocess.run(["ntfs-3g", "-o", "big_writes", volume, root], capture_output=True)
    if mount.returncode:
        sys.exit(f"the volume cannot be mounted here: {mount.stderr.decode().strip()}")
    try:
        yield
    finally:
        run("umount", root)


def place_hives(root, archive):
    """Copies the real hives that are whole into the volume and returns their paths."""
    if not archive or not archive.exists():
        print("no real hives given: the sequence has no registry")
        return []
    placed = []
    with tarfile.open(archive) as tar:
        for name, path in HIVES.items():
            data = tar.extractfile(name).read()
            if not is_clean(data):
                print(f"{name} is left out: its log is not applied")
                continue
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
            placed.append(path)
    return sorted(placed)


def is_clean(hive):
    """Whether the two sequence numbers agree. Source: regf specification, "Base block"."""
    primary, secondary = struct.unpack_from("<II", hive, 4)
    return hive[:4] == b"regf" and primary == secondary


def edit_hives(root, hives, slice_name):
    """Adds keys to SYSTEM and to a user's hive; returns the number of new keys by path."""
    if not shutil.which("hivexsh"):
        return {}
    edited = {}
    for path in hives:
        if not path.endswith(("config/SYSTEM", "alice/NTUSER.DAT")):
            continue
        commands = "".join(
            f"cd \\\nadd Bench-{slice_name}-{number}\n" for number in range(KEYS_PER_STEP)
        )
        # Beside the volume first: libhivex rewrites the whole file.
        with tempfile.NamedTemporaryFile() as copy:
            copy.write((root / path).read_bytes())
            copy.flush()
            run("hivexsh", "-w", copy.name, input=(commands + "commit\n").encode())
            (root / path).write_bytes(Path(copy.name).read_bytes())
        edited[path] = KEYS_PER_STEP
    return edited


def pack(work, volume, disk, name):
    """Writes the volume as it is now into the tarball `name`, a VMware folder."""
    run("dd", f"if={volume}", f"of={disk}", "bs=1M", f"seek={PARTITION_START >> 20}",
        "conv=notrunc", "status=none")
    folder = work / f"{name}.vmwarevm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "bench.vmx").write_text('.encoding = "UTF-8"\nscsi0:0.fileName = "bench.vmdk"\n')
    run("qemu-img", "convert", "-O", "vmdk", "-o", "subformat=monolithicSparse", disk,
        folder / "bench.vmdk")
    program = "pigz" if shutil.which("pigz") else "gzip"
    run("tar", "-C", work, "-I", program, "-cf", work / f"{name}.tar.gz", folder.name)
    shutil.rmtree(folder)
    print(f"{name}.tar.gz: {(work / f'{name}.tar.gz').stat().st_size / 1e6:.0f} MB", flush=True)


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()}")


if __name__ == "__main__":
    main()
