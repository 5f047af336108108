"""What the page does when feeds, the server or the database stop, and when it may not look."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.page.conftest import CONTROL_ROOM, PHONE, had
from tests.page.live_city import LiveCity
from tests.page.page_server import PageServer
from tests.page.test_page_files import STATIC
from tests.page.watched_page import WatchedPage
from tests.services.fetch import fetch_timescale
from tests.services.timescale import TimescaleServer

pytestmark = pytest.mark.services

SILENT = re.compile(r"Stil sinds \d\d:\d\d:\d\d")  # codespell:ignore stil
PATIENCE: Final = "SILENCE_MS = 8_000"  # of the page with a stream
QUIET: Final = re.compile(
    r"^\s*(Net na middernacht.*)?\s*$", re.DOTALL
)  # counts settle for some minutes then
SHORTER: Final = "SILENCE_MS = 3_000"
ANSWERS: Final = {
    200: ("", True),
    403: ("U mag deze melding niet bevestigen", False),
    404: ("Bevestigen kan hier niet", False),
    503: ("Bevestigen mislukt: probeer opnieuw", True),
}


@pytest.fixture(scope="module")
def database() -> Iterator[TimescaleServer]:
    """Run a database server that tests may stop."""
    had(fetch_timescale)
    with TimescaleServer() as server:
        yield server


@pytest.fixture(scope="module")
def city(database: TimescaleServer) -> Iterator[LiveCity]:
    """Give a city on that server."""
    with LiveCity(database.create_database("city")) as made:
        yield made


@pytest.fixture(autouse=True)
def _city_of_one(city: LiveCity) -> None:
    """Put five vehicles into the city, for each test anew: the tests run in any order, and some change them."""
    city.present("stad", 5)
    city.present("plek-0", 5)


def test_a_feed_that_stops_looks_frozen_and_says_since_when(opened: WatchedPage, city: LiveCity) -> None:
    """After 30 s its tile turns; a feed that is silent differs from figures that stand still."""
    page = opened.page
    fms, anpr = page.locator("[data-tile=feed-fms]"), page.locator("[data-tile=feed-anpr]")
    expect(fms).to_have_attribute("data-condition", "fresh")

    with city.silent("anpr", age_s=5):
        expect(anpr.locator(".figure")).to_have_text(re.compile(r"^\d\d? s oud$"))
        expect(anpr).to_have_attribute("data-condition", "fresh")
    with city.silent("anpr", age_s=31):
        expect(anpr).to_have_attribute("data-condition", "silent")
        expect(anpr.locator(".note")).to_have_text(SILENT)
        expect(page.locator("body")).to_have_attribute("data-frozen", "false")
    with city.silent("fms", age_s=31, is_stalled=True):
        expect(fms).to_have_attribute("data-condition", "stalled")
        expect(fms.locator(".note")).to_have_text(re.compile(r"Vast sinds \d\d:\d\d:\d\d"))
        expect(page.locator("#banner")).to_contain_text("Geen nieuwe gegevens sinds")
        expect(page.locator("body")).to_have_attribute("data-frozen", "true")
        expect(page.locator("#link")).to_have_text("Verbonden")
        assert 0 == overflow_on_a_phone(page)
        assert "grayscale" in page.locator("#map canvas").evaluate("(map) => getComputedStyle(map).filter")

    expect(fms).to_have_attribute("data-condition", "fresh")
    expect(page.locator("#banner-words")).to_have_text(QUIET)
    expect(page.locator("#link")).to_have_text("Live")


def overflow_on_a_phone(page: Page) -> int:
    """Return by how many pixels what is shown now would be wider than a phone."""
    page.set_viewport_size(PHONE)
    width = int(page.evaluate("() => document.documentElement.scrollWidth"))
    page.set_viewport_size(CONTROL_ROOM)
    return width - PHONE["width"]


def test_the_page_survives_a_restart_of_the_server(
    opened: WatchedPage, city: LiveCity, server: PageServer
) -> None:
    """It says so at once, keeps the last state, and comes back by itself with the newest one."""
    page = opened.page
    expect(page.locator("[data-tile=active] .figure")).to_have_text("5")
    server.stop()
    expect(page.locator("#link")).to_have_text("Geen verbinding")
    assert 0 == overflow_on_a_phone(page)
    expect(page.locator("#banner")).to_contain_text("Geen verbinding met de server sinds")
    expect(page.locator("[data-tile=active] .figure")).to_have_text("5")
    city.present("stad", 6)
    server.start()

    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("[data-tile=active] .figure")).to_have_text("6")
    expect(page.locator("#banner-words")).to_have_text(QUIET)


def test_the_page_survives_a_restart_of_the_database(
    opened: WatchedPage, city: LiveCity, database: TimescaleServer
) -> None:
    """The stream goes on and tells that there is nothing new."""
    page = opened.page
    database.stop()
    expect(page.locator("#banner")).to_contain_text("De database antwoordt niet sinds")
    expect(page.locator("#link")).to_have_text("Live")
    database.start()
    city.present("stad", 7)

    expect(page.locator("[data-tile=active] .figure")).to_have_text("7")
    expect(page.locator("#banner-words")).to_have_text(QUIET)
    # what the page asked for at the end of a slot had no answer meanwhile, which a browser always complains of
    opened.complaints[:] = [told for told in opened.complaints if "503" not in told]


def test_a_stream_over_which_nothing_comes_counts_as_lost(opened: WatchedPage) -> None:
    """A proxy may hold a dead connection open for ever: the page knows better, and tries again."""
    page = opened.page
    script = (STATIC / "js" / "live_stream.js").read_text(encoding="utf-8")
    assert PATIENCE in script
    hasty = script.replace(PATIENCE, SHORTER)
    page.route("**/live_stream.js", lambda route: route.fulfill(body=hasty, content_type="text/javascript"))
    page.route("**/events", lambda _route: None)  # never answered
    page.reload()
    expect(page.locator("#link")).to_have_text("Geen verbinding")
    page.unroute("**/events")

    expect(page.locator("#link")).to_have_text("Live")
    page.unroute("**/live_stream.js")


def test_who_comes_from_elsewhere_needs_a_token(browser: Browser, server: PageServer) -> None:
    """The page asks for it, says when it is wrong, and keeps it in the tab only."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://control-room.test:{server.port}/")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.get_by_label("Token").fill("nonsense")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("niet aanvaard")
    page.get_by_label("Token").fill(server.token("GM8888"))
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(page.locator("#worst-list li")).to_have_count(1)
    expect(page.locator("#worst-list li")).to_contain_text("Elders")
    assert [] == context.cookies()
    assert 0 == page.evaluate("() => localStorage.length")
    context.close()


def test_an_alert_is_acknowledged(context: BrowserContext, server: PageServer, city: LiveCity) -> None:
    """The button sends it, and says what became of it, whatever the answer is."""
    city.forget_alerts()
    for place, status in enumerate(ANSWERS):
        city.alert(f"a/{status}", f"plek-{place}", None, 3)
    asked: list[str] = []

    def answer(route: Route) -> None:
        """Answer in place of the API, as the id of the alert says."""
        asked.append(f"{route.request.method} {route.request.url.removeprefix(server.address)}")
        route.fulfill(status=int(route.request.url.split("%2F")[1][:3]), json={})

    context.route("**/acknowledge", answer)
    page = context.new_page()
    offer_acknowledging(page)
    page.goto(server.address)
    for place, (words, is_offered) in enumerate(ANSWERS.values()):
        item = page.locator("#alerts li", has_text=f"Plek {place}")
        button = page.get_by_role("button", name=f"Melding van Plek {place} bevestigen")
        button.click()

        expect(item.locator(".seen")).to_have_text(words)
        expect(item.locator(".why")).to_have_text("11 aanwezig, capaciteit 10")
        expect(button).to_be_visible() if is_offered else expect(button).to_be_hidden()
    assert [f"POST v1/alerts/a%2F{status}/acknowledge" for status in ANSWERS] == asked
    city.forget_alerts()


def offer_acknowledging(page: Page) -> None:
    """Let the page believe that this caller may acknowledge."""
    page.add_init_script(
        "const parse = JSON.parse;"
        "JSON.parse = (text) => text.startsWith('{\"acknowledge\"') ? { acknowledge: true } : parse(text);"
    )
