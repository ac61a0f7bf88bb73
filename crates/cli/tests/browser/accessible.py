#!/usr/bin/env python3
"""Asks axe-core whether people can use the reports who see, hear or move otherwise: AXE, PAGE…

Prints its serious and critical findings, and ends with 1 where there are some.
"""

import sys
from pathlib import Path

from checks import check, end
from driver import Browser

RUN = """
    window.found = null;
    axe.run().then((result) => { window.found = result; });
"""
FOUND = """return window.found && {
    checked: window.found.passes.length,
    bad: window.found.violations.filter((it) => ['serious', 'critical'].includes(it.impact))
      .map((it) => `${it.impact} ${it.id}: ${it.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`),
}"""


def main():
    axe, pages = Path(sys.argv[1]).read_text(), [Path(page).resolve() for page in sys.argv[2:]]
    for page in pages:
        for width, height in [(1280, 900), (390, 844)]:
            for scheme in ["light", "dark"]:
                with Browser(page.as_uri(), width, height, scheme) as browser:
                    # The page allows no script; what the browser is told is none of its.
                    browser.run(axe + "; window.axe = axe;")
                    ask(browser, f"{page.name}, {width} wide, {scheme}")
                    browser.run("for (const it of document.querySelectorAll('details')) it.open = true;"
                                "const row = lines.find((row) => all.doubt[row]) ?? lines[0];"
                                "select(row, lines.indexOf(row)); byId('grouped').click(); toggle(treeLines[0][0]);")
                    browser.until("return document.querySelector('#detail table')")
                    ask(browser, f"{page.name}, {width} wide, {scheme}, with all open")
    end()


def ask(browser, what):
    browser.run(RUN)
    found = browser.until(FOUND)
    check(found["checked"] > 10, f"{what}: it was looked at")
    for finding in found["bad"]:
        check(False, f"{what}: {finding}")


if __name__ == "__main__":
    main()
