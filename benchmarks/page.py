"""How soon the live page shows a change while many look, and how soon all of them are back after a restart.

`python -m benchmarks.page [--streams N] [--updates N] [--write-docs]` starts a database and the api role of its own,
opens the streams and one page in a real Chromium, and changes every zone of a city again and again. A delay counts
from before the change was written to the database.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg
from playwright.async_api import Page, async_playwright

from benchmarks.event_streams import EventStream, delays_s
from benchmarks.machine import Machine, this_machine
from benchmarks.processes import rss_mib, tree_cpu_s
from benchmarks.report import say, table, write_json, write_section
from duls.local_process import LOCALHOST
from processors.zone_feature import ZoneFeature
from tests.page.live_city import LiveCity, square, zone
from tests.page.page_server import PageServer
from tests.services.browser import FLAGS, fetch_chromium
from tests.services.timescale import TimescaleServer

ZONES: Final = 300
COLUMNS: Final = 20
COUNTED: Final = "stad"  # the zone whose vehicles are the number of the update
GAPS_S: Final = (0.7, 1.3, 0.9, 1.1, 0.8)  # between updates, not in step with the half seconds of the reader
PATIENCE_S: Final = 60.0
GOAL_S: Final = 2.0
CHANGE: Final = """
    INSERT INTO core.zone_now_part
    SELECT 0, zone_no, vehicle_class, 1, (zone_no * 7 + vehicle_class * 3 + %(number)s) %% 9, 0
    FROM core.zone CROSS JOIN generate_series(1, 8) AS vehicle_class
    WHERE zone_id LIKE 'vak-%%'
    UNION ALL
    SELECT 0, zone_no, 3, 1, %(number)s, 0 FROM core.zone WHERE zone_id = %(counted)s
    ON CONFLICT (partition, zone_no, vehicle_class, zero_emission) DO UPDATE SET present = excluded.present
"""
OBSERVE: Final = """() => {
    globalThis.seen = [];
    const figure = document.querySelector('[data-tile=active] .figure');
    const note = () => globalThis.seen.push([Number(figure.textContent), Date.now() / 1000]);
    new MutationObserver(note).observe(figure, { characterData: true, childList: true, subtree: true });
}"""


def zones() -> list[ZoneFeature]:
    """Return small zones side by side over the whole city."""
    return [
        zone(
            f"vak-{number}",
            f"Vak {number}",
            "smart_zone",
            square(0.006 * (number % COLUMNS), 0.005 * (number // COLUMNS), 0.0035),
            40,
        )
        for number in range(ZONES)
    ]


async def measure(streams: int, updates: int) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    async with AsyncExitStack() as stack:
        sync = stack.enter_context(ExitStack())
        database = sync.enter_context(TimescaleServer())
        city = sync.enter_context(LiveCity(database.create_database("page"), zones()))
        folder = Path(sync.enter_context(tempfile.TemporaryDirectory(prefix="duls-bench-")))
        server = sync.enter_context(PageServer(city.url, folder))
        page = await _open_page(stack, server.address)
        readers = [EventStream(LOCALHOST, server.port, COUNTED) for _ in range(streams)]
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(reader.follow()) for reader in readers]
        await _all_open(readers, 1)
        cpu_s, begun_s = tree_cpu_s(server.pid), time.monotonic()
        written = await _change(city.url, updates)
        await _all_seen(readers, written[-1][0])
        cores = (tree_cpu_s(server.pid) - cpu_s) / (time.monotonic() - begun_s)
        memory_mib = rss_mib(server.pid)
        shown = [(int(number), moment_s) for number, moment_s in await page.evaluate("() => globalThis.seen")]
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        listening_s = time.time()
        await _all_open(readers, 2)
        for task in tasks:
            task.cancel()
    return {
        "machine": machine,
        "streams": streams,
        "updates": updates,
        "opening_s": [done_s - asked_s for asked_s, done_s in (reader.opened_s[0] for reader in readers)],
        "stream_s": [delay for reader in readers for delay in delays_s(written, reader.seen)],
        "page_s": delays_s(written, shown),
        "back_s": [reader.opened_s[1][1] - listening_s for reader in readers],
        "cores": cores,
        "memory_mib": memory_mib,
    }


async def _open_page(stack: AsyncExitStack, address: str) -> Page:
    """Open the page in a browser, and note from then on what its first figure shows."""
    playwright = await stack.enter_async_context(async_playwright())
    browser = await playwright.chromium.launch(executable_path=fetch_chromium(), args=list(FLAGS))
    stack.push_async_callback(browser.close)
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.goto(address)
    await page.locator("#worst-list li").first.wait_for(timeout=PATIENCE_S * 1e3)
    await page.evaluate(OBSERVE)
    return page


async def _change(url: str, updates: int) -> list[tuple[int, float]]:
    """Change every zone again and again; return number and moment of each change."""
    written = []
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for number in range(1, updates + 1):
            written.append((number, time.time()))
            await connection.execute(CHANGE.encode(), {"number": number, "counted": COUNTED})
            await asyncio.sleep(GAPS_S[number % len(GAPS_S)])
    return written


async def _all_open(readers: Sequence[EventStream], times: int) -> None:
    """Wait until every stream has been opened so often."""
    await _until(lambda: all(len(reader.opened_s) >= times for reader in readers))


async def _all_seen(readers: Sequence[EventStream], number: int) -> None:
    """Wait until every stream has seen the last update."""
    await _until(lambda: all(reader.seen and reader.seen[-1][0] >= number for reader in readers))


async def _until(condition: Callable[[], bool]) -> None:
    """Wait until something is true of all streams."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # readers note times, and should not do more
            await asyncio.sleep(0.05)


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    rows = [
        (f"change → event, {result['streams']} streams", result["stream_s"]),
        ("change → figure of a page in Chromium beside them", result["page_s"]),
        (f"{result['streams']} streams opened at once → whole state", result["opening_s"]),
        ("server listens again → whole state, all of them", result["back_s"]),
    ]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{ZONES} zones that all change with each of {result['updates']} updates, one a second; database, "
                "server, streams and browser share the machine."
            ),
            "",
            table(
                ("delay", "count", "p50", "p99", "largest"),
                [(name, f"{len(values):,}", *_quantiles(values)) for name, values in rows],
            ),
            "",
            (
                f"Goal: p99 of a change within {GOAL_S:.0f} s. "
                f"The server used {result['cores']:.2f} cores and {result['memory_mib']:.0f} MiB."
            ),
        ]
    )


def _quantiles(values: Sequence[float]) -> tuple[str, str, str]:
    """Return median, 99th percentile and maximum as text."""
    ordered = sorted(values)
    last = len(ordered) - 1
    median, high, largest = (f"{ordered[round(share * last)]:.2f} s" for share in (0.5, 0.99, 1.0))
    return median, high, largest


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("--streams", type=int, default=200, help="open event streams (200)")
    parser.add_argument("--updates", type=int, default=120, help="changes, one a second (120)")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    result = asyncio.run(measure(chosen.streams, chosen.updates))
    text = as_text(result)
    say(text)
    path = write_json("page", result)
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs:
        write_section("page", text)


if __name__ == "__main__":
    main()
