#!/usr/bin/env python3
"""Opens a report as a person would, and uses it: PAGE, and a folder for pictures if wanted.

Prints what was not as it should be, and ends with 1 where something was not.
"""

import re
import sys
from pathlib import Path

from checks import COUNT, PATHS, changed, check, check_fits, check_quiet, clear, counted, end
from driver import Browser


def main():
    page, pictures = Path(sys.argv[1]).resolve().as_uri(), sys.argv[2:]
    picture = lambda browser, name: [browser.picture(f"{folder}/{name}.png") for folder in pictures]
    with Browser(page) as browser:
        use(browser, picture)
        check_quiet(browser, page)
    for width, height in [(1280, 900), (390, 844)]:
        with Browser(page, width, height, "dark") as browser:
            check_fits(browser, f"{width} wide")
            browser.run("for (const it of document.querySelectorAll('details')) it.open = true")
            browser.run("document.querySelector('#rows .line:nth-child(2)').click()")
            browser.until("return document.querySelector('#detail table')")
            check_fits(browser, f"{width} wide, with all open")
            picture(browser, f"dark-{width}")
            check_quiet(browser, page)


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
    browser.key("rows", "ArrowDown")
    browser.until("return document.querySelector('#detail .path').textContent !== arguments[0]", first)
    picture(browser, "found")

    clear(browser)

    # A place of the tree, and one in it.
    browser.click("#tree .line:nth-child(1) .grow")
    browser.until("return document.querySelector('#tree [aria-selected=true]')")
    below, _ = counted(browser)
    check(0 < below < total, "a place narrows the list")
    clear(browser)
    for key in ["ArrowDown", "ArrowRight", "ArrowDown", "Enter"]:
        browser.key("tree", key)
    deeper, _ = counted(browser)
    check(0 < deeper < below, "a place in it narrows it further, by the keyboard")
    clear(browser)

    # A file by its SHA-256.
    digest = browser.run(
        "const row = all.kind.findIndex((kind, row) => kind === 0 && all.action[row] === 0 && all.size[row]);"
        "return fieldsOf(row).then((fields) => fields.get('sha256_after'))")
    browser.type("#query", digest)
    browser.until("return document.querySelectorAll('#rows .line').length > 0 && !("
                  + COUNT.removeprefix("return ") + ").startsWith(arguments[0])", f"{total:,} of")
    of_digest, _ = counted(browser)
    check(0 < of_digest < 10, f"a file is found by its digest: {of_digest}")
    clear(browser)

    # What stayed behind is as much as the text says.
    before = browser.run(COUNT)
    said = browser.run("return document.querySelector('[aria-labelledby=behind-title] summary').textContent")
    browser.click("#stays")
    stayed, _ = changed(browser, before)
    check(stayed == int(re.match(r"[\d,]+", said).group().replace(",", "")), f"{stayed} stayed: {said}")
    browser.click("#grouped")
    browser.until("return document.querySelector('#rows .group')")
    picture(browser, "behind")

    check_groups(browser)
    browser.click("#grouped")
    clear(browser)
    check_tree(browser)
    check_icicle(browser, total)
    check_order(browser)
    check_themes(browser)


def check_groups(browser):
    """Headings come in order, each once, above changes."""
    heads = browser.run("return lines.filter((line) => typeof line === 'string')")
    check(len(heads) == len(set(heads)) > 0, f"each group has one heading: {heads}")
    check(heads[:-1] == sorted(heads[:-1]) and heads[-1] == "not known as anything", f"in order: {heads}")
    mixed = browser.run("""
        let group;
        return lines.filter((line) => {
          if (typeof line === 'string') { group = line; return false; }
          return (all.artefacts[all.artefact[line]] || 'not known as anything') !== group;
        }).length""")
    check(mixed == 0, "what stands below a heading is of that group")


def check_tree(browser):
    """A place opens and closes, by the mouse and by the keyboard."""
    lines = "return document.querySelectorAll('#tree .line').length"
    expanded = "return document.querySelector('#tree .line:nth-child(2)').getAttribute('aria-expanded')"
    browser.run("state.open.clear(); drawTree()")
    before = browser.run(lines)
    check(browser.run(expanded) == "false", "a place is closed first")
    browser.click("#tree .line:nth-child(2) .twist")
    check(browser.run(expanded) == "true" and browser.run(lines) > before, "a click opens a place")
    browser.key("tree", "ArrowLeft")
    check(browser.run(expanded) == "false" and browser.run(lines) == before, "a key closes it")
    browser.key("tree", "ArrowRight")
    check(browser.run(expanded) == "true", "and opens it again")
    browser.click("#tree .line:nth-child(2) .twist")
    check(browser.run(lines) == before, "and a click closes it")


def check_icicle(browser, total):
    """A click goes into a block, one on the block at the top back out."""
    top = "return document.querySelector('#icicle text').textContent"
    check(browser.run(top) == "everything", "the blocks show everything first")
    names = []
    for _ in range(2):
        before = browser.run(top)
        browser.click("#icicle rect:nth-of-type(2)")
        names.append(browser.until(top.replace("return ", "const it = ") + "; return it !== arguments[0] && it", before))
    inner, _ = counted(browser)
    check(0 < inner < total, f"going into blocks narrows the list: {names}, {inner}")
    for wanted in [names[0], "everything"]:
        browser.click("#icicle rect")
        browser.until(top + " === arguments[0]", wanted)
    check(counted(browser) == (total, total), "and going back out shows all again")


def check_order(browser):
    """Each head sorts, up and then down."""
    for key in ["step", "action", "kind", "path", "size"]:
        column = {"path": "all.path.map((it) => it.toLowerCase())", "size": "all.size.map((it) => it ?? -1)"}.get(key, f"all.{key}")
        is_sorted = (f"const column = {column}; const at = lines.map((row) => column[row]);"
                    "return at.every((it, index) => !index || (arguments[0] ? at[index - 1] >= it : at[index - 1] <= it))")
        browser.click(f"[data-sort={key}]")
        check(browser.run(is_sorted, False), f"up by {key}")
        browser.click(f"[data-sort={key}]")
        check(browser.run(is_sorted, True), f"down by {key}")
    browser.click("[data-sort=path]")


def check_themes(browser):
    """The page is as the reader prefers, until the reader says otherwise by the button."""
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(ground)
    browser.show(1400, 1000, "dark")
    dark = browser.run(ground)
    check(dark != light, "dark where the reader prefers that")
    browser.click("#theme")
    check(browser.run(ground) == light, "the button makes it light")
    browser.show(1400, 1000, "light")
    check(browser.run(ground) == light, "light stays light")
    browser.click("#theme")
    check(browser.run(ground) == dark, "and dark by the button")
    browser.click("#theme")


if __name__ == "__main__":
    main()
    end()
