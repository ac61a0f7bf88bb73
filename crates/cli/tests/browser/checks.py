"""What a browser test expects, and how it ends."""

import re
import sys

COUNT = "return document.getElementById('count').textContent"
PATHS = "return [...document.querySelectorAll('#rows .line .path')].map((it) => it.textContent)"

failures = []


def check(is_so, what):
    if not is_so:
        failures.append(what)
        print(f"not so: {what}")


def end():
    """Ends with 1 where something was not as it should be."""
    sys.exit(1 if failures else 0)


def counted(browser):
    """How many changes are shown, and how many there are."""
    shown, total = re.match(r"([\d,]+) of ([\d,]+) changes", browser.run(COUNT)).groups()
    return int(shown.replace(",", "")), int(total.replace(",", ""))


def changed(browser, before):
    """The same, when it is another text than `before`."""
    browser.until(COUNT + " !== arguments[0]", before)
    return counted(browser)


def clear(browser):
    """Shows all again."""
    browser.click("#clear")
    browser.until("return document.getElementById('clear').disabled")


def check_quiet(browser, page):
    """Nothing was said in the console, and nothing asked for but the page."""
    said = browser.complaints()
    check(not said, f"nothing is said in the console: {said}")
    # The page that the browser shows before is its own business.
    asked = [url for url in browser.requests() if not url.startswith(("chrome:", "data:"))]
    check(asked == [page], f"nothing else is asked for: {asked}")


def check_fits(browser, what):
    """Nothing sticks out of the window sideways."""
    wide, window = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    check(wide <= window, f"{what}: {wide} pixels in a window of {window}")
    # What is wider than what holds it, and can be neither scrolled there nor is shortened.
    outside = browser.run("""
        const wide = document.documentElement.clientWidth;
        const isHeld = (it) => it.closest('.scroll, svg, #detail') || !it.getClientRects().length;
        return [...document.querySelectorAll('body *')].filter((it) => !isHeld(it))
          .filter((it) => it.getBoundingClientRect().right > wide + 1 || it.getBoundingClientRect().left < -1)
          .map((it) => it.outerHTML.slice(0, 80))""")
    check(not outside, f"{what}: outside of the window: {outside[:3]}")
    sideways = browser.run("""
        return ['rows', 'tree', 'detail'].map((id) => document.getElementById(id))
          .filter((it) => it.scrollWidth > it.clientWidth).map((it) => `${it.id}: ${it.scrollWidth} in ${it.clientWidth}`)""")
    check(not sideways, f"{what}: to be scrolled sideways: {sideways}")
