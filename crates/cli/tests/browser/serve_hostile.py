#!/usr/bin/env python3
"""Opens the pages of a server whose every name wants to do harm: ADDRESS of the sequence, and NAMES, a
JSON list of how each must be shown.

Prints what was not as it should be, and ends with 1 where something was not.
"""

import json
import sys

from checks import check, end
from driver import Browser
from hostile import ELEMENTS, check_harmless

ELEMENTS.update(["form", "label", "link", "nav"])
SETTLED = "return document.getElementById('rows')?.getAttribute('aria-busy') === 'false'"


def main():
    address, names = sys.argv[1], json.loads(sys.argv[2])
    for width, height in [(1280, 900), (390, 844)]:
        with Browser(address, width, height) as browser:
            browser.until(SETTLED)
            paths = browser.run("return state.rows.map((row) => row.path)")
            for name in names:
                check(any(name in path for path in paths), f"{name!r} is shown as it is")
            for index in range(len(paths)):
                browser.run("choose(state.rows[arguments[0]], arguments[0])", index)
                browser.until("return document.querySelector('#detail > .path')?.textContent === arguments[0]", paths[index])
                check(browser.run("return [...document.querySelectorAll('#detail td')].every((it) => !/[\\u0000-\\u0008\\u202a-\\u202e]/.test(it.textContent))"),
                      f"fields of {paths[index]!r}")
            check_harmless(browser)
            fits(browser, f"{width} wide")
            links = browser.run("return [...document.querySelectorAll('#branches .line')].length")
            check(links > 3, "the tree is there")
    with Browser(address, 1280, 900) as browser:
        browser.until(SETTLED)
        asked = set()
        for index in range(browser.run("return state.rows.length")):
            path = browser.run("choose(state.rows[arguments[0]], arguments[0]); return state.rows[arguments[0]].path", index)
            browser.until("return document.querySelector('#detail > .path')?.textContent === arguments[0]", path)
            asked.update(browser.run("return [...document.querySelectorAll('#detail .touching a')].map((it) => it.href)"))
        check(len(asked) > 20, f"who else touches them may be asked: {len(asked)}")
        for link in sorted(asked):
            browser.ask("/url", {"url": link})
            browser.until("return document.body.classList.contains('ready')")
            said = browser.run("return document.getElementById('count')?.textContent || document.body.textContent")
            check("1 sequence touches it" in said, f"{link} is answered: {said[:200]}")
        check_harmless(browser)
        check(not browser.complaints(), "nothing is said in the console")
    end()


def fits(browser, what):
    wide, seen = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    check(wide <= seen, f"{what}: it fits: {wide} of {seen}")


if __name__ == "__main__":
    main()
