#!/usr/bin/env python3
"""Prints a report as PDF: PAGE, and where the PDF goes. Says what must be on the paper, as JSON."""

import json
import sys
from pathlib import Path

from driver import Browser


def main():
    page, paper = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    with Browser(page.as_uri()) as browser:
        paper.write_bytes(browser.pdf())
        # What was opened for the paper is closed again.
        left = browser.run("return document.querySelectorAll('details[open]').length")
        last = browser.run("const row = state.shown.at(-1); return [all.slices[all.step[row]].id, all.path[row]]")
        shown = browser.run("return state.shown.length")
        print(json.dumps({"shown": shown, "last": last, "left": left}))


if __name__ == "__main__":
    main()
