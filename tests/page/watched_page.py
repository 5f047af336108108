"""A page with everything that it complains of or asks of others."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response

SETTLE_S = 60.0
POLL_MS = 50
EXPECTED_TROUBLE = "net::ERR"  # a server that a test has stopped


class WatchedPage:
    """The live page at *address* in a tab; `complaints` are errors, and requests to other hosts."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.requested: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._ask)
        page.on("response", self._answer)

    def open(self, query: str = "") -> None:
        """Open the page and wait until it shows its figures."""
        self.page.goto(self.address + query)
        self.wait(
            "() => document.querySelectorAll('#worst-list li').length > 0 && globalThis.dulsPage.isSettled"
        )

    def wait(self, script: str, timeout_s: float = SETTLE_S) -> None:
        """Wait until *script*, a function, is true: the policy of the page allows no polling within it."""
        until(lambda: bool(self.page.evaluate(script)), self.page, timeout_s, script)

    def text(self, selector: str) -> str:
        """Return what stands in an element."""
        return self.page.locator(selector).inner_text()

    def _hear(self, message: ConsoleMessage) -> None:
        """Note an error or a warning of the console."""
        if message.type in {"error", "warning"} and EXPECTED_TROUBLE not in message.text:
            self.complaints.append(message.text)

    def _ask(self, request: Request) -> None:
        """Note a request to another host."""
        self.requested.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in {"blob", "data"} and parts.netloc != urlsplit(self.address).netloc:
            self.complaints.append(f"asked {request.url}")

    def _answer(self, response: Response) -> None:
        """Note an answer that is an error."""
        if response.status >= 400:
            self.complaints.append(f"{response.status} for {response.url}")


def until(condition: Callable[[], bool], page: Page, timeout_s: float, what: str) -> float:
    """Wait until a condition holds; return how long that took, in seconds."""
    begun_s = time.monotonic()
    while not condition():
        assert time.monotonic() - begun_s < timeout_s, f"not within {timeout_s} s: {what}"
        page.wait_for_timeout(POLL_MS)
    return time.monotonic() - begun_s
