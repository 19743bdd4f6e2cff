"""A headless Chromium, steered through chromedriver's HTTP interface (W3C WebDriver)."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MISSING = next((name for name in ("chromium", "chromedriver") if shutil.which(name) is None), None)
"""The program that is not installed, if any."""
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]


class Browser:
    """One window."""

    def __init__(self, base: str) -> None:
        self.base = base
        wanted = {"goog:chromeOptions": {"args": FLAGS}, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._post("/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{made['sessionId']}"

    def open(self, path: Path) -> None:
        """Load a file."""
        self._post(f"{self.session}/url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        """What the script returns."""
        return self._post(f"{self.session}/execute/sync", {"script": script, "args": []})

    def devtools(self, command: str, **arguments: object) -> Any:
        """A command of the DevTools protocol."""
        return self._post(f"{self.session}/goog/cdp/execute", {"cmd": command, "params": arguments})

    def look(self, width: int, height: int = 900, scheme: str = "light") -> None:
        """The size of the window, in CSS pixels, and the colours that its user prefers."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.devtools("Emulation.setEmulatedMedia", features=[feature])

    def picture(self) -> bytes:
        """The whole page as PNG."""
        found = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    def printed(self) -> bytes:
        """The page as PDF, on A4."""
        found = self.devtools("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
        return base64.b64decode(found["data"])

    def complaints(self) -> list[str]:
        """What stands on the console."""
        return [entry["message"] for entry in self._post(f"{self.session}/se/log", {"type": "browser"})]

    def close(self) -> None:
        """End the browser."""
        self._ask("DELETE", self.session, None)

    def _post(self, path: str, body: object) -> Any:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode("utf-8")
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is closed in the end, whatever happens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(port)
        window = Browser(f"http://127.0.0.1:{port}")
        try:
            yield window
        finally:
            window.close()
    finally:
        driver.terminate()
        driver.wait()


def _await(port: int, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("chromedriver does not answer")
