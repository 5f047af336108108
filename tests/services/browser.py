"""Get a real Chromium and the tools that judge the page, once.

Chromium comes from Debian where it is not installed. The tools are npm packages, pinned by a lock in `tests/page`: the
type checker, the types of MapLibre, and axe, which finds what keeps people out.
"""

import hashlib
import os
import shutil
from pathlib import Path

from tests.services.fetch import FetchError, cache_folder, fetched, locked, run

CHROMIUM_VARIABLE = "DULS_TEST_CHROMIUM"  # path of a browser of somebody's choice
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
LOCK = Path(__file__).parent.parent / "page" / "package-lock.json"
FLAGS = (
    "--headless",
    "--no-sandbox",  # as root there is none
    "--use-angle=swiftshader",  # WebGL without a graphics card
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def fetch_chromium() -> Path:
    """Return the path of a Chromium, after installing it when it is missing.

    Raises:
        FetchError: when it cannot be had.
    """
    with locked(cache_folder() / "chromium.lock"):
        if found := _chromium():
            return found
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            message = f"installing Chromium needs root and apt-get; {CHROMIUM_VARIABLE} may name one"
            raise FetchError(message)
        run(["apt-get", "update"])
        run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"])
    if found := _chromium():
        return found
    message = "Chromium was installed and is not there"
    raise FetchError(message)


def fetch_page_tools() -> Path:
    """Return the `node_modules` of the tools, after getting them when they are missing.

    Raises:
        FetchError: when they cannot be had.
    """
    obstacle = None if shutil.which("npm") else "judging the page needs npm (Node.js)"
    # other versions go into another folder
    name = f"page-tools-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    return fetched(cache_folder() / name, obstacle, _install_tools) / "node_modules"


def _chromium() -> Path | None:
    """Find a Chromium."""
    if named := os.environ.get(CHROMIUM_VARIABLE):
        return Path(named)
    return next((Path(path) for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def _install_tools(folder: Path) -> None:
    """Install what the lock names into *folder*."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK.with_name(name), folder)
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)])
