"""A headless Chromium spoken to over its debugging pipe: pages from disk, what they log, request and draw. Standard
library alone."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Page:
    """One tab. `events` holds (method, parameters) of everything the browser reported."""

    def __init__(self, write, read):
        self._write, self._read, self._pending = write, read, b""
        self.events, self._number, self._session = [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self._number += 1
        message = {
            "id": self._number,
            "method": method,
            "params": parameters,
            **({"sessionId": self._session} if self._session else {}),
        }
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive(60)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append((answer.get("method"), answer.get("params")))

    def _receive(self, seconds):
        while b"\0" not in self._pending:
            if not select.select([self._read], [], [], seconds)[0]:
                raise TimeoutError("the browser does not answer")
            self._pending += os.read(self._read, 2**20)
        message, self._pending = self._pending.split(b"\0", 1)
        return json.loads(message)

    def open(self, path, *, width=1280, height=900, dark=False):
        """Load a file and wait for it."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")

    def ask(self, expression):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, expression, seconds=30):
        end = time.monotonic() + seconds
        while not self.ask(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def mouse(self, kind, x, y):
        self.call(
            "Input.dispatchMouseEvent",
            type=kind,
            x=x,
            y=y,
            button="none" if kind == "mouseMoved" else "left",
            buttons=int(kind != "mouseReleased"),
            clickCount=1,
        )

    def screenshot(self, path, *, whole=False):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))

    def complaints(self):
        """Errors and warnings that the page caused."""
        found = [parameters for method, parameters in self.events if method == "Runtime.exceptionThrown"]
        found += [
            parameters
            for method, parameters in self.events
            if method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert")
        ]
        return found + [
            parameters["entry"]
            for method, parameters in self.events
            if method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning")
        ]

    def requested(self):
        """Addresses the page asked for, data within itself apart."""
        return [
            parameters["request"]["url"]
            for method, parameters in self.events
            if method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith("data:")
        ]


@contextlib.contextmanager
def browser(profile):
    """A Page of a browser that ends with the block. profile: an empty folder for its files."""
    (ours_in, theirs_out), (theirs_in, ours_out) = os.pipe(), os.pipe()

    # Chromium reads commands on 3 and answers on 4; through high numbers, so that neither end covers the other
    def wire():
        for old, new in ((os.dup2(theirs_in, 103), 3), (os.dup2(theirs_out, 104), 4)):
            os.dup2(old, new)

    process = subprocess.Popen(
        [BROWSER, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=wire,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Page(ours_out, ours_in)
    finally:
        process.kill()
        process.wait()
        os.close(ours_in)
        os.close(ours_out)
