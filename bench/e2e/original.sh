#!/usr/bin/env bash
# The stages of the 2013 workflow that read the whole disk, for one slice: its tarball becomes an
# EnCase 6 image, which fiwalk reads twice, with the type of every file: all files, then those in
# use.
#
# Usage: original.sh FOLDER TARBALL
set -euo pipefail

folder=$1
tarball=$2
name=$(basename "$tarball" .tar.gz)

tar -xzf "$tarball" -C "$folder"
qemu-img convert -O raw "$folder"/*.vmwarevm/bench.vmdk "$folder/disk.raw"
rm -r "$folder"/*.vmwarevm
# One segment, however large: a name is all that fiwalk gets.
ewfacquire -u -q -t "$folder/out" -f encase6 -b 64 -c deflate:fast -m fixed -M logical \
    -S 7EiB -C "$name" -l "$folder/ewf.log" "$folder/disk.raw"
rm "$folder/disk.raw"
fiwalk -G0 -f -X "$folder/fiout.dfxml" "$folder/out.E01" >/dev/null
fiwalk -G0 -f -O -X "$folder/fiout-alloc-only.dfxml" "$folder/out.E01" >/dev/null
rm "$folder/out.E01"
