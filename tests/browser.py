"""Chromium for tests: one page at a time, what it logged and what it asked the network for."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def missing() -> str:
    """What a browser test lacks on this machine, '' for nothing."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(lacking)} not installed (Debian: chromium, chromium-driver)" if lacking else ""


@contextmanager
def chromium(folder: Path, *, width: int = 1280, dark: bool = False) -> Iterator[Any]:
    """A browser with a profile of its own in ``folder``. Without one the test is skipped; where CI is set, it fails."""
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1000"):
        options.add_argument(flag)
    if dark:
        options.add_argument("--force-dark-mode")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        # What the browser's own first page asks for is not the page's.
        driver.get("about:blank")
        driver.get_log("performance")
        yield driver
    finally:
        driver.quit()


def requests_of(driver: Any) -> list[str]:
    """Addresses that the page asked for since the last call, its own file and what it holds itself left out."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]


def printed(driver: Any, **paper: Any) -> bytes:
    """The open page as a PDF.

    Chromium's print service answers "Printing failed" now and then on a machine that is busy, whatever the page; the
    page is opened again then, twice at most. A page that cannot be printed fails all three times.
    """
    from selenium.common.exceptions import WebDriverException

    def made() -> bytes:
        return base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", paper)["data"])

    for _ in range(2):
        try:
            return made()
        except WebDriverException as failed:
            if "Printing failed" not in str(failed):
                raise
            driver.refresh()
    return made()
