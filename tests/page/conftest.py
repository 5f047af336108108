"""One city, one server and one browser for the tests of a file; opening a page is dear, so tests share those, too."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect, sync_playwright

from tests.page.live_city import LiveCity
from tests.page.page_server import PageServer
from tests.page.watched_page import WatchedPage
from tests.services.browser import FLAGS, fetch_chromium, fetch_page_tools
from tests.services.external import Database
from tests.services.fetch import FetchError

PATIENCE_MS = 60_000  # other tests share the machine
IN_CI = os.environ.get("CI") == "true"
CONTROL_ROOM: Final[ViewportSize] = {"width": 1920, "height": 1080}
DESK: Final[ViewportSize] = {"width": 1280, "height": 720}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}


def had(fetch: Callable[[], Path]) -> Path:
    """Get a part; skip where it cannot be had, fail in CI."""
    try:
        return fetch()
    except FetchError as error:
        if IN_CI:
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tools() -> Path:
    """Give the folder of the npm packages that judge the page."""
    return had(fetch_page_tools)


@pytest.fixture(scope="module")
def city(timescale: Database) -> Iterator[LiveCity]:
    """Give a city with zones and clocks, and nobody in it."""
    with LiveCity(timescale.create_database(f"city_{uuid.uuid4().hex}")) as made:
        yield made


@pytest.fixture(scope="module")
def server(city: LiveCity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    """Run the api role on the city."""
    made = PageServer(city.url, tmp_path_factory.mktemp("api"))
    made.token()  # makes the key, which is read at the start
    with made as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run a Chromium."""
    path = had(fetch_chromium)
    with sync_playwright() as playwright:
        # the name stands for a server that is reached from elsewhere
        names = "--host-resolver-rules=MAP control-room.test 127.0.0.1"
        expect.set_options(timeout=PATIENCE_MS)
        running = playwright.chromium.launch(executable_path=path, args=[*FLAGS, names])
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give the screen of a desk."""
    made = browser.new_context(viewport=DESK)
    yield made
    made.close()


@pytest.fixture(scope="module")
def phone(browser: Browser, server: PageServer) -> Iterator[WatchedPage]:
    """Give the page on a phone, opened once."""
    made = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    watched = WatchedPage(made.new_page(), server.address)
    watched.open()
    yield watched
    made.close()


@pytest.fixture(scope="module")
def control_room(browser: Browser, server: PageServer) -> Iterator[WatchedPage]:
    """Give the page on a control-room screen, opened once."""
    made = browser.new_context(viewport=CONTROL_ROOM, locale="en-US", timezone_id="America/New_York")
    watched = WatchedPage(made.new_page(), server.address)
    watched.open()
    yield watched
    made.close()


@pytest.fixture
def opened(control_room: WatchedPage) -> Iterator[WatchedPage]:
    """Give the page as it opens; at the end it has complained of nothing and asked nobody else."""
    if control_room.page.url != control_room.address:
        control_room.open()
    control_room.complaints.clear()
    yield control_room
    assert [] == control_room.complaints
