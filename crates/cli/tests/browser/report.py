#!/usr/bin/env python3
"""Opens a report as a person would, and uses it: PAGE, and a folder for pictures if wanted.

Prints what was not as it should be, and ends with 1 where something was not.
"""

import re
import sys
from pathlib import Path

from driver import Browser

COUNT = "return document.getElementById('count').textContent"
PATHS = "return [...document.querySelectorAll('#rows .line .path')].map((it) => it.textContent)"


def counted(browser):
    """How many changes are shown, and how many there are."""
    shown, total = re.match(r"([\d,]+) of ([\d,]+) changes", browser.run(COUNT)).groups()
    return int(shown.replace(",", "")), int(total.replace(",", ""))


def changed(browser, before):
    browser.until(COUNT + " !== arguments[0]", before)
    return counted(browser)


def main():
    page, pictures = Path(sys.argv[1]).resolve(), sys.argv[2:]
    picture = lambda browser, name: [browser.picture(f"{folder}/{name}.png") for folder in pictures]
    with Browser(page.as_uri()) as browser:
        browser.until("return document.body.classList.contains('ready')")
        use(browser, picture)
        check(not browser.complaints(), "nothing is said in the console")
        # The page that the browser shows before is its own business.
        asked = [url for url in browser.requests() if not url.startswith(("chrome:", "data:"))]
        check(asked == [page.as_uri()], f"nothing else is asked for: {asked}")
    with Browser(page.as_uri(), dark=True) as browser:
        browser.until("return document.body.classList.contains('ready')")
        picture(browser, "dark")


def use(browser, picture):
    shown, total = counted(browser)
    check(shown == total > 0, "everything is shown first")
    check(0 < len(browser.run(PATHS)) < 80, "only the rows in view are in the page")
    picture(browser, "first")

    # A word narrows the list, and what is in it has the word.
    before = browser.run(COUNT)
    browser.type("#query", "packrat")
    found, _ = changed(browser, before)
    check(0 < found < total, "a word narrows the list")
    check(all("packrat" in path.lower() for path in browser.run(PATHS)), "what is found has the word")

    # A step, by the keyboard.
    before = browser.run(COUNT)
    browser.run("document.querySelector('#steps .step:nth-child(2)').dispatchEvent("
                "new KeyboardEvent('keydown', { key: 'Enter' }))")
    in_step, _ = changed(browser, before)
    check(0 < in_step < found, "a step narrows it further")
    steps = browser.run("return [...new Set([...document.querySelectorAll('#rows .line .w-step')]"
                        ".map((it) => it.textContent))]")
    check(len(steps) == 1, f"of one slice: {steps}")

    # A row, before and after.
    browser.click("#rows .line:nth-child(1)")
    browser.until("return document.querySelector('#detail table')")
    heads = browser.run("return [...document.querySelectorAll('#detail th[scope=col]')]"
                        ".map((it) => it.textContent)")
    check(heads == ["before", "after"], "a row is shown before and after")
    first = browser.run("return document.querySelector('#detail .path').textContent")
    browser.run("document.getElementById('rows').dispatchEvent("
                "new KeyboardEvent('keydown', { key: 'ArrowDown' }))")
    browser.until("return document.querySelector('#detail .path').textContent !== arguments[0]", first)
    picture(browser, "found")

    browser.click("#clear")
    browser.until(COUNT + ".startsWith(arguments[0])", f"{total:,} of {total:,} ")

    # A place of the tree, and one in it.
    browser.click("#tree .line:nth-child(1) .grow")
    browser.until("return document.querySelector('#tree [aria-selected=true]')")
    below, _ = counted(browser)
    check(0 < below < total, "a place narrows the list")
    browser.click("#clear")
    browser.until(COUNT + ".startsWith(arguments[0])", f"{total:,} of {total:,} ")
    for key in ["ArrowDown", "ArrowRight", "ArrowDown", "Enter"]:
        browser.run("document.getElementById('tree').dispatchEvent("
                    "new KeyboardEvent('keydown', { key: arguments[0] }))", key)
    deeper, _ = counted(browser)
    check(0 < deeper < below, "a place in it narrows it further, by the keyboard")
    browser.click("#clear")
    browser.until(COUNT + ".startsWith(arguments[0])", f"{total:,} of {total:,} ")

    # A file by its SHA-256.
    digest = browser.run(
        "const row = all.kind.findIndex((kind, row) => kind === 0 && all.action[row] === 0 && all.size[row]);"
        "return fieldsOf(row).then((fields) => fields.get('sha256_after'))")
    browser.type("#query", digest)
    browser.until("return document.querySelectorAll('#rows .line').length > 0 && !("
                  + COUNT.removeprefix("return ") + ").startsWith(arguments[0])", f"{total:,} of")
    of_digest, _ = counted(browser)
    check(0 < of_digest < 10, f"a file is found by its digest: {of_digest}")
    browser.click("#clear")
    browser.until(COUNT + ".startsWith(arguments[0])", f"{total:,} of {total:,} ")

    # What stayed behind is as much as the text says.
    before = browser.run(COUNT)
    said = browser.run("return document.querySelector('[aria-labelledby=behind-title] summary').textContent")
    browser.click("#stays")
    stayed, _ = changed(browser, before)
    check(stayed == int(re.match(r"[\d,]+", said).group().replace(",", "")), f"{stayed} stayed: {said}")
    browser.click("#grouped")
    browser.until("return document.querySelector('#rows .group')")
    picture(browser, "behind")

    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(ground)
    browser.click("#theme")
    check(browser.run(ground) != light, "light turns dark")
    browser.click("#theme")
    check(browser.run(ground) == light, "and light again")
    check(len(browser.pdf()) > 10_000, "it can be printed")


failures = []


def check(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"not so: {what}")


if __name__ == "__main__":
    main()
    sys.exit(1 if failures else 0)
