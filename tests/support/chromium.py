"""A headless Chromium for tests of pages: driven by its own DevTools protocol.

    with Chromium.start(tmp_path) as browser:
        browser.open(path.as_uri())
        assert browser.value("document.title") == "…"

The browser is found on PATH; a test is skipped where there is none. It has a profile of
its own, and is ended with the context.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS: Final = 60
# Windows' numbers, which the protocol wants along with a key's name.
KEYS: Final = {"Tab": 9, "Enter": 13, "Escape": 27, "/": 191, " ": 32}
OPTIONS: Final = (
    "--headless",
    "--no-sandbox",  # of use only to a user who is not root, and CI's is
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


class Chromium:
    """One page of a running browser.

    Attributes:
        requests: The addresses that it asked for since it was opened.
        errors: What it complained of, a blocked script or a raised error.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        self.errors: list[str] = []

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[Chromium]:
        """Run a browser with one empty page."""
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            pytest.skip("there is no Chromium on PATH; apt-get install chromium")
        profile = folder / "chromium"
        profile.mkdir(parents=True)
        with (profile / "log").open("wb") as log:
            process = subprocess.Popen(
                [found, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            with connect(_page(profile, process), max_size=None, proxy=None) as socket:
                page = cls(socket)
                for domain in ("Page", "Runtime", "Network", "Log"):
                    page(f"{domain}.enable")
                yield page
        finally:
            process.terminate()
            process.wait(SECONDS)

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run a command of the protocol, and return what it answers."""
        number = next(self._numbers)
        order = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(order))
        while (answer := self._next()).get("id") != number:
            pass
        assert "error" not in answer, (method, answer["error"])
        return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        said = dict(json.loads(self._socket.recv(SECONDS)))
        told = said.get("params", {})
        match said.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.errors.append(told["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(told["exceptionDetails"]))
        return said

    def open(self, address: str) -> None:
        """Load a page from the start, and wait for all of it."""
        self.requests.clear()
        self.errors.clear()
        # A change of the fragment alone would load nothing.
        self("Page.navigate", url="about:blank")
        self("Page.navigate", url=address)
        self.until(
            "document.readyState === 'complete' && location.href !== 'about:blank'"
        )

    def value(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to in the page."""
        done = self(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait for a JavaScript condition to hold in the page."""
        deadline = time.monotonic() + SECONDS
        while not self.value(condition):
            assert time.monotonic() < deadline, f"waited in vain for: {condition}"
            time.sleep(0.02)

    def press(self, key: str, shift: bool = False) -> None:
        """Press a key, with the focus where it is."""
        more: dict[str, Any] = {"key": key, "modifiers": 8 if shift else 0}
        if key in KEYS:
            more["windowsVirtualKeyCode"] = KEYS[key]
        if key == "Enter":
            more["text"] = "\r"
        elif len(key) == 1:
            more["text"] = key
        self("Input.dispatchKeyEvent", type="keyDown", **more)
        self("Input.dispatchKeyEvent", type="keyUp", **more)

    def write(self, text: str) -> None:
        """Type a text where the focus is."""
        self("Input.insertText", text=text)

    def scheme(self, name: str) -> None:
        """Prefer a colour scheme, as a system's setting does: `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self("Emulation.setEmulatedMedia", features=[feature])

    def size(self, width: int, height: int) -> None:
        """Give the page a window of this size."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, file: Path) -> None:
        """Save a PNG of all of the page."""
        done = self("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(done["data"]))


def _page(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """Return the socket of the browser's page, once it has one."""
    port = profile / "DevToolsActivePort"
    deadline = time.monotonic() + SECONDS
    while not (port.exists() and "\n" in port.read_text()):
        log = (profile / "log").read_text(errors="replace")
        assert process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)
    number, path = port.read_text().splitlines()[:2]
    with connect(f"ws://127.0.0.1:{number}{path}", proxy=None) as browser:
        order = {"id": 1, "method": "Target.getTargets"}
        browser.send(json.dumps(order))
        targets = json.loads(browser.recv(SECONDS))["result"]["targetInfos"]
    page = next(one["targetId"] for one in targets if one["type"] == "page")
    return f"ws://127.0.0.1:{number}/devtools/page/{page}"
