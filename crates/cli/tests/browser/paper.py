#!/usr/bin/env python3
"""Prints a report as PDF: PAGE, and where the PDF goes. Says what must be on the paper, as JSON."""

import json
import sys
from pathlib import Path

from checks import check, end
from driver import Browser


def check_limit(browser):
    """What is too much for paper is said, before the changes and behind them."""
    said = browser.run("""
        const own = state.shown;
        state.shown = Array.from({ length: PRINTED + 3 }, (_, index) => own[index % own.length]);
        printed();
        state.shown = own;
        return [document.querySelectorAll('#printed tr').length, ...[...document.querySelectorAll('#printed p strong')].map((it) => it.textContent)]""")
    check(said[0] == 20000 and len(said) == 3 and "3 more are not printed" in said[1], f"what is not printed is said: {said}")


def main():
    page, paper = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    with Browser(page.as_uri()) as browser:
        paper.write_bytes(browser.pdf())
        # What was opened for the paper is closed again.
        left = browser.run("return document.querySelectorAll('details[open]').length")
        last = browser.run("const row = state.shown.at(-1); return [all.slices[all.step[row]].id, all.path[row]]")
        shown = browser.run("return state.shown.length")
        check_limit(browser)
        print(json.dumps({"shown": shown, "last": last, "left": left}))
    end()


if __name__ == "__main__":
    main()
