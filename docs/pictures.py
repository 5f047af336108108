"""Make the pictures at the top of the README, of the live page and of the terminal: `python docs/pictures.py`.

They are of the demo, whose city, fleet and time of day are always the same, after it has run for a while, so that past
slots are there, and while an alert is open. It needs a Chromium and the demo's extra, and a machine with nothing else
to do: ages of data are in the pictures.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, expect, sync_playwright

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
sys.path.insert(0, str(ROOT))

from duls.app.demo_city import CROWD  # noqa: E402 the path is set above
from duls.local_process import LOCALHOST, free_port, port_answers  # noqa: E402 the path is set above
from tests.services.browser import FLAGS, fetch_chromium  # noqa: E402 the path is set above

START_S: Final = 120.0
POLL_S: Final = 0.2
PATIENCE_MS: Final = 60_000
ALERT_S: Final = (CROWD.every_s or 0.0) + 120.0  # one is due within this
CONTROL_ROOM: Final = {"viewport": {"width": 1920, "height": 1080}}
PHONE: Final = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
BOARD: Final = "demo.png"
BOARD_PX: Final = 1_400  # its width
PICTURES: Final = {"live-page.png": CONTROL_ROOM, "live-page-phone.png": PHONE}


@contextmanager
def demo(board: Path) -> Iterator[str]:
    """Run the demo; give the address of its page. Its last board in the terminal is in *board* afterwards, as SVG."""
    port = free_port()
    command = [sys.executable, "-m", "duls", "demo", "--plain", "--no-browser", "--picture", str(board)]
    environment = {**os.environ, "DULS_HTTP_BIND": f"{LOCALHOST}:{port}"}
    with subprocess.Popen(  # noqa: S603  # our own program
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            end_s = time.monotonic() + START_S
            while not port_answers(port):
                if process.poll() is not None or time.monotonic() > end_s:
                    message = "the demo does not start: run `duls demo` to see why"
                    raise SystemExit(message)
                time.sleep(POLL_S)
            yield f"http://{LOCALHOST}:{port}/"
        finally:
            process.terminate()


def await_alert(browser: Browser, url: str) -> None:
    """Wait until an alert is open."""
    page = browser.new_page()
    page.goto(url)
    expect(page.locator("#alerts li[data-state=firing]")).not_to_have_count(0, timeout=ALERT_S * 1e3)
    page.close()


def take(browser: Browser, url: str, name: str) -> None:
    """Take one picture, of a page that has drawn everything."""
    context = browser.new_context(**PICTURES[name], locale="nl-NL", timezone_id="Europe/Amsterdam")  # type: ignore[arg-type]  # options by name
    page = context.new_page()
    page.goto(url)
    expect(page.locator("#worst-list li")).to_have_count(10, timeout=PATIENCE_MS)
    end_s = time.monotonic() + PATIENCE_MS / 1e3
    while not page.evaluate("() => globalThis.dulsPage.isSettled") and time.monotonic() < end_s:
        page.wait_for_timeout(POLL_S * 1e3)
    page.screenshot(path=HERE / name)
    context.close()


def draw(browser: Browser, board: Path) -> None:
    """Draw the board of the terminal."""
    page = browser.new_page(viewport={"width": BOARD_PX, "height": BOARD_PX})
    page.set_content(f"<body style='margin: 0'>{board.read_text(encoding='utf-8')}")
    page.locator("svg").screenshot(path=HERE / BOARD, omit_background=True)
    page.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the demo runs before (600)")
    seconds = parser.parse_args().seconds
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=fetch_chromium(), args=list(FLAGS))
        board = Path(folder, "board.svg")
        with demo(board) as url:
            time.sleep(seconds)  # figures of a while are what the pictures are of
            await_alert(browser, url)
            for name in PICTURES:
                take(browser, url, name)
        draw(browser, board)
        browser.close()


if __name__ == "__main__":
    main()
