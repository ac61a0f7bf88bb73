#!/usr/bin/env python3
"""Opens a report whose every name wants to do harm: PAGE, and NAMES, a JSON list of how each must
be shown.

Prints what was not as it should be, and ends with 1 where something was not.
"""

import json
import sys
from pathlib import Path

from checks import check, check_fits, check_quiet, clear, counted, end
from driver import Browser

# All that a report is made of; whatever else is in the page came from a name.
ELEMENTS = set("""html head meta title style body header main section div details summary table thead tbody tr th td
    col colgroup h1 h2 p ul li strong code a span i button input select option noscript script svg g rect text
    """.split())
# Characters that a page may not show, as JavaScript has them.
UNSAFE = r"/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/"


def main():
    page, names = Path(sys.argv[1]).resolve().as_uri(), json.loads(sys.argv[2])
    for width, height in [(1280, 900), (390, 844)]:
        with Browser(page, width, height) as browser:
            browser.run("for (const it of document.querySelectorAll('details')) it.open = true")
            for name in names:
                # One value is damaged, and not there.
                look_at(browser, name, width, 6 if name == names[0] else 7)
            check_doubt(browser)
            check_harmless(browser)
            check_quiet(browser, page)
    end()


def look_at(browser, name, width, wanted):
    """Every change of that name: in the list, in the tree, opened."""
    browser.run("const it = document.getElementById('query'); it.value = arguments[0];"
                "it.dispatchEvent(new Event('input'))", name)
    browser.until("return state.query === arguments[0].trim().toLowerCase()", name)
    shown, _ = counted(browser)
    check(shown == wanted, f"folder, file, stream, two keys, their values of {name!r}: {shown}")
    kinds = browser.run("return [...new Set(lines.map((row) => KINDS[all.kind[row]]))].sort()")
    check(kinds == ["file", "folder", "key", "stream", "value"], f"{name!r}: {kinds}")
    for index in range(shown):
        row = browser.run("select(lines[arguments[0]], arguments[0]); return lines[arguments[0]]", index)
        browser.until("return document.querySelector('#detail > .path')?.textContent === all.path[arguments[0]]"
                      "&& document.querySelector('#detail table')", row)
        check(browser.run("return document.querySelector('#detail > .path').textContent.includes(arguments[0])", name),
              f"{name!r} is shown as it is: {browser.run('return all.path[arguments[0]]', row)!r}")
    # Open the tree down to it.
    browser.run("for (const [node] of [...treeLines]) if (!isOpenAt(treeLines.findIndex(([it]) => it === node))) toggle(node)")
    check_fits(browser, f"{width} wide, at {name[:30]!r}")
    check_harmless(browser)
    clear(browser)


def check_doubt(browser):
    """Marks, the filter, and the way from a fault to what it touches."""
    said = browser.run("return document.getElementById('doubted').textContent")
    browser.click("#doubted")
    shown, total = counted(browser)
    check(said == f"In doubt ({shown})" and 0 < shown < total, f"{said}: {shown} of {total}")
    marked = browser.run("return [...document.querySelectorAll('#rows .line')].every((it) => "
                         "it.querySelector('.doubted[role=img]')?.getAttribute('aria-label').includes('in doubt'))")
    check(marked, "each change in doubt is marked, in words, too")
    browser.run("select(lines[0], 0)")
    faults = browser.until("return [...document.querySelectorAll('#detail .faults li')].map((it) => it.textContent)")
    check(all(fault.startswith("slice 20 › p1") for fault in faults), f"its faults are said: {faults}")
    browser.click("#doubted")
    check(counted(browser) == (total, total), "the button shows all again")
    for index, said in enumerate(browser.run("return [...document.querySelectorAll('.touched')].map((it) => it.previousElementSibling.textContent)")):
        browser.run("document.querySelectorAll('.touched')[arguments[0]].click()", index)
        shown, _ = counted(browser)
        check(said in ("(touches 1 change)", f"(touches {shown} changes)"), f"{said}: {shown}")
        clear(browser)
    links = browser.run("return [...document.querySelectorAll('table.slices a')].map((it) => it.hash)")
    browser.run("document.querySelectorAll('details').forEach((it) => { it.open = it.querySelector('table.slices') !== null; })")
    browser.click("table.slices a")
    check(browser.run("return document.querySelector(arguments[0]).open", links[0]), "a count of faults leads to them")


def check_harmless(browser):
    check(browser.run("return window.hit") is None, "nothing of a name runs")
    elements = browser.run("return [...new Set([...document.querySelectorAll('*')].map((it) => it.localName))]")
    check(set(elements) <= ELEMENTS, f"no element is from a name: {set(elements) - ELEMENTS}")
    scripts = browser.run("return [...document.scripts].filter((it) => it.type !== 'application/octet-stream').length")
    check(scripts == 1, "one script")
    handlers = browser.run("return [...document.querySelectorAll('*')].flatMap((it) => [...it.attributes])"
                           ".filter((it) => it.name.startsWith('on') || /^\\s*javascript:/.test(it.value) && it.name !== 'title').map((it) => it.name)")
    check(not handlers, f"no attribute runs anything: {handlers}")
    unsafe = browser.run(f"const unsafe = {UNSAFE};"
                         "return [...document.querySelectorAll('body *')].flatMap((it) => [...it.childNodes].filter((of) => of.nodeType === 3)"
                         ".map((of) => of.textContent).concat(it.title || [], it.getAttribute('aria-label') || []))"
                         ".filter((text) => unsafe.test(text.replace(/[\\ud800-\\udbff][\\udc00-\\udfff]/g, '')) ).map((text) => text.slice(0, 80))")
    check(not unsafe, f"no character reorders or moves anything: {unsafe[:3]}")


if __name__ == "__main__":
    main()
