"""Make the pictures of the live page at the top of the README: `python docs/pictures.py`.

They are of the demo, whose city, fleet and time of day are always the same, after it has run for a while: past slots
are there then. It needs a Chromium and the demo's extra.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, expect, sync_playwright

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
sys.path.insert(0, str(ROOT))

from tests.services.browser import FLAGS, fetch_chromium  # noqa: E402  # a script beside its pages

START_S: Final = 120.0
PATIENCE_MS: Final = 60_000
CONTROL_ROOM: Final = {"viewport": {"width": 1920, "height": 1080}}
PHONE: Final = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PICTURES: Final = {"live-page.png": CONTROL_ROOM, "live-page-phone.png": PHONE}


@contextmanager
def demo() -> Iterator[str]:
    """Run the demo; give the address of its page."""
    command = [sys.executable, "-m", "duls", "demo", "--plain", "--no-browser"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603  # our own program
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  # it is a pipe
            yield next(found[1] for line in process.stdout if (found := re.search(r"live page: (\S+)", line)))
        finally:
            process.terminate()


def take(browser: Browser, url: str, name: str) -> None:
    """Take one picture, of a page that has drawn everything."""
    context = browser.new_context(**PICTURES[name], locale="nl-NL", timezone_id="Europe/Amsterdam")  # type: ignore[arg-type]  # options by name
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#worst-list li")).to_have_count(10, timeout=PATIENCE_MS)
    end_s = time.monotonic() + PATIENCE_MS / 1e3
    while not page.evaluate("() => globalThis.dulsPage.isSettled") and time.monotonic() < end_s:
        page.wait_for_timeout(200)
    page.screenshot(path=HERE / name)
    context.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the demo runs before (600)")
    seconds = parser.parse_args().seconds
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=fetch_chromium(), args=list(FLAGS))
        time.sleep(seconds)  # figures of a while are what the pictures are of
        for name in PICTURES:
            take(browser, url, name)
        browser.close()


if __name__ == "__main__":
    main()
