#!/usr/bin/env bash
# The rival: what a user would chain by hand for each slice of a sequence.
#
# Usage: chain.sh WORK TARBALL...
#
# Unpacks each tarball, converts its disk to raw, lists all files with digests (fiwalk), copies the
# hives out (icat) and dumps each as XML (hivexml), into WORK/SLICE/. It compares nothing.
set -euo pipefail

work=$1
shift
partition_start=2048

# Prints "inode path" of each allocated hive in a DFXML file, each element on a line of its own.
list_hives() {
    awk -F'[<>]' '
        $2 == "fileobject" { path = inode = ""; live = 1 }
        $2 == "filename" { path = $3 }
        $2 == "inode" { inode = $3 }
        $2 == "unalloc" || (($2 == "alloc" || $2 ~ /^alloc_/) && $3 == "0") { live = 0 }
        $2 == "/fileobject" && live { print inode, path }' "$1" \
        | grep -iE '/(ntuser\.dat|usrclass\.dat|bcd|config/(sam|security|software|system))$'
}

one_slice() {
    local tarball=$1 folder=$2 inode path
    mkdir -p "$folder/hives"
    tar -xzf "$tarball" -C "$folder"
    qemu-img convert -O raw "$folder"/*.vmwarevm/bench.vmdk "$folder/disk.raw"
    fiwalk -G0 -X "$folder/files.xml" "$folder/disk.raw" >/dev/null
    # A sequence without hives is no failure.
    { list_hives "$folder/files.xml" || true; } | while read -r inode path; do
        icat -o "$partition_start" "$folder/disk.raw" "$inode" >"$folder/hives/$inode"
        hivexml "$folder/hives/$inode" >"$folder/hives/$inode.xml"
    done
    rm -r "$folder/disk.raw" "$folder"/*.vmwarevm
}

for tarball in "$@"; do
    one_slice "$tarball" "$work/$(basename "$tarball" .tar.gz)"
done
