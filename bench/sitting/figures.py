#!/usr/bin/env python3
"""Puts the figures of a record into docs/performance.md: `figures.py BLOCK RECORD/FILE`.

A block is what stands between `<!-- BLOCK -->` and `<!-- end of BLOCK -->`. A table is put in as it
is, a .txt as what a program printed; the record is named below it.
"""

import argparse
import os
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs/performance.md"


def main():
    args = arguments()
    text = args.page.read_text()
    begin, end = f"<!-- {args.block} -->\n", f"<!-- end of {args.block} -->\n"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise SystemExit(f"{args.page} has no block {args.block}")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    args.page.write_text(f"{before}{begin}{figures(args)}{end}{after}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("block", help="name of the block")
    add("file", type=Path, help="summary.md or stages.txt of a record")
    add("--page", type=Path, default=PAGE, help="(%(default)s)")
    return parser.parse_args()


def figures(args):
    text = args.file.read_text().strip("\n")
    if args.file.suffix == ".txt":
        text = f"```text\n{text}\n```"
    record = args.file.resolve().parent
    link = os.path.relpath(record, args.page.resolve().parent)
    return f"\n{text}\n\nFrom [{record.name}]({link}/README.md).\n\n"


if __name__ == "__main__":
    main()
