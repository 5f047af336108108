"""The live page of the demo: where it is, and the browser that opens it once."""

import os
import sys
import webbrowser

from duls.local_process import LOCALHOST, port_answers


class LivePage:
    """The page that a process of ours serves on *port* of this machine.

    Args:
        port: of the page.
        is_opened: whether a browser is wanted; it is left alone where there is no display.
    """

    def __init__(self, port: int, *, is_opened: bool) -> None:
        self.url = f"http://{LOCALHOST}:{port}/"
        self._port = port
        self._is_due = is_opened and has_display()

    def open_when_served(self) -> None:
        """Open the page in the browser of the user, once, as soon as it is served."""
        if self._is_due and port_answers(self._port):
            self._is_due = False
            webbrowser.open(self.url)


def has_display() -> bool:
    """Tell whether a browser could show a window; text browsers would take the terminal of the board."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
