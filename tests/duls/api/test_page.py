"""The routes of the page: what is public, what needs a right, and what a background map changes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from duls.api.gate import Gate
from duls.api.health import Vitals
from duls.api.live_hub import LiveHub, Zones
from duls.api.page import content_security_policy, page_router
from duls.api.parts import ApiParts
from duls.api.problems import add_problem_handlers
from duls.api.shield import CONTENT_SECURITY_POLICY
from duls.api.tokens import Caller, Scope
from duls.metrics import Metrics
from sinks.zone_shapes import ZoneShape
from tests.duls.api.served import HOST, served

TILES = "https://tiles.example/{z}/{x}/{y}.png?key=a&b"


class GateOf(Gate):
    """Lets everybody in as one caller."""

    def __init__(self, caller: Caller) -> None:
        super().__init__([], clock=lambda: datetime.now(UTC))
        self._caller = caller

    def caller(self, token: str | None, host: str) -> Caller:
        """Return the caller."""
        del token, host
        return self._caller


def operator(*municipalities: str) -> Caller:
    """Return an operator, of everything where no municipality is named."""
    return Caller("o", "1", frozenset({Scope.OPERATOR}), municipalities or None)


def application(caller: Caller, tiles: str = "") -> FastAPI:
    """Return the page's routes for a caller."""
    hub = LiveHub("n", lambda: datetime.now(UTC))
    shapes = [ZoneShape(name, place, msgspec.Raw(b'{"id":"%b"}' % name.encode())) for name, place in ZONES]
    hub.zones = Zones("v7", shapes, dict(ZONES))
    made = FastAPI()
    reader = cast("Any", None)  # these routes read no database
    metrics = Metrics(version="0", clock=lambda: 0.0)
    made.state.parts = ApiParts(
        reader, GateOf(caller), Vitals(list, bytes), metrics, asyncio.Event(), hub.now, hub, tiles
    )
    made.include_router(page_router(tiles))
    add_problem_handlers(made)
    return made


@contextmanager
def client(caller: Caller, tiles: str = "") -> Iterator[httpx.Client]:
    """Give a client of the page's routes on the real server."""
    with served(application(caller, tiles)) as port, httpx.Client(base_url=f"http://{HOST}:{port}") as made:
        yield made


ZONES = [("a", "GM0001"), ("b", "GM0002"), ("c", None)]


@pytest.fixture(scope="module")
def anybody() -> Iterator[httpx.Client]:
    """Give the client of somebody without any right."""
    with client(Caller(None, None, frozenset(), None)) as made:
        yield made


@pytest.fixture(scope="module")
def everything() -> Iterator[httpx.Client]:
    """Give the client of an operator of everything."""
    with client(operator()) as made:
        yield made


def test_the_page_and_its_files_are_for_everybody(anybody: httpx.Client) -> None:
    """They tell nothing of the city."""
    page = anybody.get("/")

    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert 'content=""' in page.text
    assert 200 == anybody.get("/static/js/page.js").status_code
    assert 304 == anybody.get("/", headers={"If-None-Match": page.headers["etag"]}).status_code


@pytest.mark.parametrize(
    "path", ["/static/index.html", "/static/../page.py", "/static/%2e%2e/page.py", "/static/none.js"]
)
def test_nothing_else_is_served(anybody: httpx.Client, path: str) -> None:
    """Files are those of the package, by name."""
    assert 404 == anybody.get(path).status_code


@pytest.mark.parametrize("path", ["/page/zones", "/page/series?kind=district", "/page/slots/0"])
def test_figures_need_a_right(anybody: httpx.Client, path: str) -> None:
    """That of an operator."""
    assert 403 == anybody.get(path).status_code


def test_zones_are_kept_by_the_browser_until_they_change(everything: httpx.Client) -> None:
    """A version is for ever; without one, or with an old one, it is for now."""
    current, old = everything.get("/page/zones?version=v7"), everything.get("/page/zones?version=v6")

    assert ["a", "b", "c"] == [feature["id"] for feature in current.json()["features"]]
    assert "immutable" in current.headers["cache-control"]
    assert "no-store" == old.headers["cache-control"]
    assert "Authorization" in current.headers["vary"]


def test_zones_of_others_are_not_shown() -> None:
    """A token of one municipality shows that one."""
    with client(operator("GM0002")) as limited:
        zones = limited.get("/page/zones").json()

    assert ["b"] == [feature["id"] for feature in zones["features"]]


@pytest.mark.parametrize("query", ["", "?zone=a&kind=district", "?kind=street", f"?zone={'x' * 500}"])
def test_a_series_is_of_one_zone_or_one_kind(everything: httpx.Client, query: str) -> None:
    """Anything else is refused with a sentence."""
    answer = everything.get(f"/page/series{query}")

    assert 422 == answer.status_code
    assert "x" * 300 not in answer.text


@pytest.mark.parametrize("start", ["-1", "now", "99999999999999999999"])
def test_a_slot_is_a_moment(everything: httpx.Client, start: str) -> None:
    """Within the reach of clocks."""
    assert 422 == everything.get(f"/page/slots/{start}").status_code


def test_a_background_map_opens_the_page_to_its_host_only() -> None:
    """And to nothing where none is set."""
    with client(operator(), TILES) as browser:
        page = browser.get("/")

    assert "https://tiles.example/{z}/{x}/{y}.png?key=a&amp;b" in page.text
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self' https://tiles.example" in policy
    assert "img-src 'self' https://tiles.example data:" in policy
    assert "script-src" not in policy
    assert CONTENT_SECURITY_POLICY == content_security_policy("")
