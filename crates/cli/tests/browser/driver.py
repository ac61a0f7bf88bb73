"""A browser that is told what to do: Chromium, headless, by the WebDriver protocol."""

import base64
import json
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# Without these Chromium asks its maker's servers for things at every start.
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1400,1000",
]
PATIENCE_S = 60


class Browser:
    """One page in a browser with a profile of its own."""

    def __init__(self, page, width=1400, height=1000, scheme="light"):
        self.profile = tempfile.TemporaryDirectory(
            prefix="diskprint-browser-", ignore_cleanup_errors=True
        )
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        port = next(found for line in self.process.stdout
                    if (found := re.search(r"started successfully on port (\d+)", line)))
        self.base = f"http://127.0.0.1:{port.group(1)}"
        arguments = [*ARGUMENTS, f"--user-data-dir={self.profile.name}"]
        capabilities = {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        session = self.ask("/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.base += f"/session/{session['sessionId']}"
        self.show(width, height, scheme)
        self.ask("/url", {"url": page})
        self.until("return document.body.classList.contains('ready')")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The browser is another process, which a driver that is killed leaves behind.
        self.ask("", method="DELETE")
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()

    def ask(self, path, body=None, method=None):
        """Sends a command and returns its value."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            # What WebDriver says is in the body, which the error does not show.
            error.msg = f"{error.msg}: {error.read().decode(errors='replace')[:500]}"
            raise

    def command(self, name, **parameters):
        """Tells the browser itself: Chrome DevTools Protocol."""
        return self.ask("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def show(self, width, height, scheme):
        """As on a screen of that size, in CSS pixels, of a person who prefers `scheme`. Windows
        cannot be that narrow."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script, *arguments):
        """Runs a script in the page and returns what it returns."""
        return self.ask("/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        """Waits until a script returns something that counts as true, and returns that."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
        raise AssertionError(f"it did not come to this in {PATIENCE_S} s: {script} {arguments}")

    def find(self, selector):
        element = self.ask("/element", {"using": "css selector", "value": selector})
        return next(iter(element.values()))

    def click(self, selector):
        """Clicks what is found; where the page has made it anew meanwhile, what is there then."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.ask(f"/element/{self.find(selector)}/click", {})
            except urllib.error.HTTPError as error:
                if error.code != 404 or time.monotonic() > end:
                    raise AssertionError(f"no click at {selector}") from error

    def type(self, selector, text):
        self.ask(f"/element/{self.find(selector)}/value", {"text": text})

    def key(self, id, key):
        """Presses a key in the element of that id."""
        self.run("document.getElementById(arguments[0]).dispatchEvent("
                 "new KeyboardEvent('keydown', { key: arguments[1], bubbles: true }))", id, key)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("/screenshot")))

    def pdf(self):
        return base64.b64decode(self.ask("/print", {}))

    def complaints(self):
        """What the page said in the console that is more than a word."""
        log = self.ask("/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """The addresses that the page asked for."""
        log = self.ask("/se/log", {"type": "performance"})
        messages = [json.loads(entry["message"])["message"] for entry in log]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]
