"""Names, reasons and people that are markup, scripts or words of the language are shown as they are, and do nothing."""

import uuid
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import BrowserContext

from tests.page.live_city import LiveCity, square, zone
from tests.page.page_server import PageServer
from tests.page.watched_page import WatchedPage
from tests.services.external import Database

pytestmark = pytest.mark.services

MARKUP: Final = "<img src=x onerror=\"globalThis.harmed='markup'\">{zone}$&"
SCRIPT: Final = "</script><script>globalThis.harmed='script'</script>"
ATTRIBUTE: Final = (
    "\" autofocus onfocus=\"globalThis.harmed='attribute'\" x=\"' onclick='globalThis.harmed=1'"
)
NAMES: Final = {
    "<b>kade</b>": MARKUP,
    "__proto__": SCRIPT,
    "constructor": ATTRIBUTE,
    "\"'><svg": "javascript:alert(1)",
}


@pytest.fixture(scope="module")
def city(timescale: Database) -> Iterator[LiveCity]:
    """Give a city with zones of such names, each fuller than it may be, and alerts about them."""
    shapes = [
        zone(zone_id, name, "loading_zone", square(0.02 * place, 0.07, 0.004), 2)
        for place, (zone_id, name) in enumerate(NAMES.items())
    ]
    with LiveCity(timescale.create_database(f"city_{uuid.uuid4().hex}"), shapes) as made:
        for zone_id in NAMES:
            made.present(zone_id, 9)
            made.alert(f"{zone_id}/{SCRIPT}", zone_id, MARKUP, 1, reason_en=SCRIPT)
        made.acknowledge(f"__proto__/{SCRIPT}", ATTRIBUTE)
        made.rising("constructor", 10)
        yield made


def test_whatever_is_said_stays_text(context: BrowserContext, server: PageServer) -> None:
    """In the lists, the card, the search and the announcements, in both languages."""
    watched = WatchedPage(context.new_page(), server.address)
    watched.open()
    page = watched.page

    for language in ("en", "nl"):
        page.locator(f"[data-language={language}]").click()
        for zone_id, name in NAMES.items():
            page.locator("#search").fill(zone_id)
            page.locator("#search").press("Enter")
            page.locator("#card h2").wait_for()
            assert name == page.locator("#card h2").inner_text()
            assert name in page.locator("#worst-list").inner_text()
            assert name in page.locator("#alerts").inner_text()
            assert page.evaluate(
                "(name) => [...document.querySelectorAll('#zone-names option')].some(({value}) => value === name)",
                name,
            )
        assert (SCRIPT if language == "en" else MARKUP) in page.locator("#alerts").inner_text()
    assert ATTRIBUTE in page.locator("#alerts").inner_text()
    assert page.evaluate("() => globalThis.harmed === undefined && ({}).harmed === undefined")
    assert 0 == page.locator("main img, main script, main b, [onfocus], [onclick]").count()
    assert [] == watched.complaints


def test_an_address_does_nothing_either(context: BrowserContext, server: PageServer) -> None:
    """What a link asks for is looked up, and never becomes a part of the page."""
    watched = WatchedPage(context.new_page(), server.address)
    watched.open(
        "?zone=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&show=__proto__&lang=constructor&time=nonsense"
    )

    assert watched.page.locator("#card").is_hidden()
    assert 0 == watched.page.locator("main img").count()
    assert [] == watched.complaints


def test_a_script_that_came_in_would_not_run(context: BrowserContext, server: PageServer) -> None:
    """The policy of the page is the second wall."""
    watched = WatchedPage(context.new_page(), server.address)
    watched.open()

    watched.page.evaluate(
        "(markup) => document.querySelector('main').insertAdjacentHTML('beforeend', markup)", MARKUP
    )
    watched.page.wait_for_timeout(200)

    assert watched.page.evaluate("() => globalThis.harmed === undefined")
    assert any("Content Security Policy" in complaint for complaint in watched.complaints)
