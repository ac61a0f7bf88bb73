#!/usr/bin/env python3
"""Uses the pages of a server as a person would: ADDRESS, AXE (axe-core's script, or nothing), and a
folder for pictures if wanted.

Prints what was not as it should be, and ends with 1 where something was not.
"""

import re
import sys
import tempfile
import time
from pathlib import Path

from accessible import ask
from checks import COUNT, PATHS, check, end
from driver import PATIENCE_S, Browser

READY = "return document.body.classList.contains('ready')"
PAGES = ["/", "/sequences/8504-1-7895-1", "/touching?path=pagefile.sys", "/compare?before=8504-1-7895-1-10&after=8504-1-7895-1-20"]


def opened(browser, address):
    browser.ask("/url", {"url": address})
    browser.until(READY)


def counted(browser):
    return int(re.match(r"[\d,]+", browser.run(COUNT)).group().replace(",", ""))


def changed(browser, before):
    browser.until(COUNT + " !== arguments[0] && "
                  "document.getElementById('rows').getAttribute('aria-busy') === 'false'", before)
    return counted(browser)


def use(browser, address, picture):
    browser.until("return document.querySelectorAll('main tbody tr').length === 1")
    picture("sequences")
    browser.type("#query", "nothing is called that")
    browser.until(COUNT + ".startsWith('0 ')")
    browser.run("const query = document.getElementById('query'); query.value = ''; "
                "query.dispatchEvent(new Event('input'))")
    browser.until("return document.querySelectorAll('main tbody tr').length === 1")

    # A sequence, and a step of it by the keyboard.
    browser.click("main tbody a")
    browser.until("return document.querySelectorAll('#rows .line').length > 3")
    first = browser.run(COUNT)
    browser.run("document.querySelector('#steps .step:nth-child(4)').dispatchEvent("
                "new KeyboardEvent('keydown', { key: 'Enter' }))")
    total = changed(browser, first)
    check("slice=8504-1-7895-1-40" in browser.run("return location.href"), "the address names the slice")

    # A word, an action, and all again.
    before = browser.run(COUNT)
    browser.type("#query", "packrat")
    found = changed(browser, before)
    check(0 < found < total, "a word narrows the list")
    check(any("packrat" in path.lower() for path in browser.run(PATHS)), "what is found has the word")
    before = browser.run(COUNT)
    browser.run("const action = document.getElementById('action'); action.value = 'deleted'; "
                "action.dispatchEvent(new Event('change'))")
    deleted = changed(browser, before)
    check(0 < deleted < found, "an action narrows it further")
    before = browser.run(COUNT)
    browser.click("#clear")
    check(changed(browser, before) == total, "and all is there again")

    # A place of the tree, opened by the keyboard.
    lines = "return document.querySelectorAll('#branches .line').length"
    few = browser.until(lines + " > 3 && document.querySelectorAll('#branches .line').length")
    browser.run("const folded = document.querySelector('#branches [aria-expanded=false]'); folded.focus(); "
                "folded.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }))")
    browser.until(lines + " > arguments[0]", few)
    before = browser.run(COUNT)
    browser.click("#branches .line:nth-child(3) .grow")
    below = changed(browser, before)
    check(0 < below < total, "a place narrows the list")
    before = browser.run(COUNT)
    browser.click("#clear")
    changed(browser, before)

    # A change, and who else touches its place.
    browser.click("#rows .line:nth-child(4)")
    browser.until("return document.querySelector('#detail table')")
    heads = browser.run("return [...document.querySelectorAll('#detail th[scope=col]')]"
                        ".map((it) => it.textContent)")
    check(heads == ["before", "after"], "a change is shown before and after")
    picture("sequence")
    browser.click("#detail .touching a")
    browser.until("return location.pathname === '/touching' && document.querySelector('main tbody tr')")
    check("1 sequence touches it" in browser.run(COUNT), "who touches it is told: " + browser.run(COUNT))
    picture("touching")
    browser.click("main table td.name a")
    browser.until("return location.pathname.startsWith('/sequences/') && document.querySelector('#rows .line')")

    # A download.
    with tempfile.TemporaryDirectory(prefix="diskprint-download-") as folder:
        browser.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
        browser.click(".links a[href*=csv]")
        patience = time.monotonic() + PATIENCE_S
        name = Path(folder, "8504-1-7895-1-40.csv")
        while not name.exists() and time.monotonic() < patience:
            time.sleep(0.05)
        check(name.exists() and name.read_text().startswith("type,osetid"), "an export is downloaded")

    # The report, under its own policy.
    opened(browser, address + "/api/v1/sequences/8504-1-7895-1/report?inline=true")
    check("changes" in browser.run(COUNT), "the report works")

    opened(browser, address + "/compare?before=8504-1-7895-1-10&after=8504-1-7895-1-40")
    browser.until("return document.querySelector('main tbody summary')")
    check("Files: " in browser.run(COUNT), "two slices are compared")
    browser.click("main tbody summary")
    browser.until("return document.querySelector('main tbody details table')")
    picture("compared")

    opened(browser, address + "/sequences/1-1-1-1")
    check("1-1-1-1" in browser.run("return document.querySelector('[role=alert]').textContent"),
          "what is not there is told")


def main():
    address, axe, pictures = sys.argv[1], sys.argv[2], sys.argv[3:]
    with Browser(address) as browser:
        picture = lambda name: [browser.picture(f"{folder}/serve-{name}.png") for folder in pictures]
        use(browser, address, picture)
        # A browser itself says that the last page asked for what is not there.
        said = [text for text in browser.complaints() if "404" not in text]
        check(not said, f"nothing is said in the console: {said}")
        others = [url for url in browser.requests() if not url.startswith((address, "chrome:", "data:", "blob:"))]
        check(not others, f"nobody else is asked: {others}")
    for width, scheme in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]:
        with Browser(address, width, 844, scheme) as browser:
            for page in PAGES:
                look_at(browser, address + page, f"{page}, {width} wide, {scheme}", axe)
                name = page.strip("/").split("/")[0].split("?")[0] or "all"
                [browser.picture(f"{folder}/serve-{name}-{width}-{scheme}.png") for folder in pictures]
    end()


def look_at(browser, address, what, axe):
    opened(browser, address)
    browser.run("document.querySelector('#rows .line')?.click();"
                "for (const it of [...document.querySelectorAll('details')].slice(0, 4)) it.open = true")
    browser.until("return !document.getElementById('rows') || document.querySelector('#detail table')")
    wide, seen = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    check(wide <= seen, f"{what}: it fits: {wide} of {seen}")
    if axe:
        browser.run(Path(axe).read_text() + "; window.axe = axe;")
        ask(browser, what)


if __name__ == "__main__":
    main()
