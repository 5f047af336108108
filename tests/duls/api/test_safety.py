"""What must not get out: small published cells, other cities, live figures to planners, rows by injection."""

import asyncio
import csv
import io
import time
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from sinks.connection import open_connection
from tests.duls.api.conftest import OPERATOR, PLANNER, Api

pytestmark = pytest.mark.services

HOURS = {"since": "2026-10-22T22:00:00Z", "until": "2026-10-27T23:00:00Z"}
DAYS = {"since": "2026-10-23", "until": "2026-10-28"}
FIGURES = ("observations", "vehicles", "entries", "exits", "appearances", "disappearances", "dwell_s")
LIVE_ONLY = ("/v1/now", "/v1/flows/slot", "/v1/alerts", "/v1/feeds")
BOTH = ("/v1/zones", "/v1/flows/hour", "/v1/flows/day", "/v1/totals/hour", "/v1/totals/day", "/v1/profiles")
INJECTIONS = (
    "' OR 1=1 --",
    "'; DROP TABLE core.zone; --",
    "%' OR '1'='1",
    "') UNION SELECT zone_id, name, kind, municipality, capacity, area_km2 FROM live.zone --",
    "{zone-001}",
    "zone-001','zone-002",
    "zone-00%",
    "%(limit)s",
    "; RESET ROLE; SELECT 1",
    "\ufeffzone-001",
    "zone-001\n",
    "\uff3a\uff2f\uff2e\uff25-001",
)


@pytest.mark.parametrize("form", ["json", "csv", "geojson", "parquet"])
@pytest.mark.parametrize(("path", "period"), [("/v1/flows/hour", HOURS), ("/v1/flows/day", DAYS)])
def test_a_planner_sees_no_cell_below_k(small_api: Api, path: str, period: Any, form: str) -> None:
    """Suppressed cells are null in every form, and say so."""
    answer = small_api.ask(path, PLANNER, limit=20_000, format=form, **period)
    rows = rows_of(answer.content, form) if form in {"csv", "parquet"} else None
    if rows is None:
        document = answer.json()
        assert 10 == document["k"]
        rows = document.get("items") or [feature["properties"] for feature in document["features"]]

    suppressed = [row for row in rows if row["k_status"] == "below_k"]
    assert suppressed
    assert len(suppressed) < len(rows)
    assert all(row[figure] in {None, ""} for row in suppressed for figure in FIGURES)
    assert all(int(row["vehicles"]) >= 10 for row in rows if row["k_status"] == "ok")
    assert {10} == {int(row["k"]) for row in rows}


def rows_of(content: bytes, form: str) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
    return rows


@pytest.mark.parametrize("path", LIVE_ONLY)
def test_a_planner_sees_nothing_live(small_api: Api, path: str) -> None:
    """Not what is there now, nor slots, alerts or feeds."""
    assert 403 == small_api.ask(path, PLANNER).status_code


@pytest.mark.parametrize("path", BOTH)
def test_a_planner_cannot_ask_for_the_live_view(small_api: Api, path: str) -> None:
    """And an operator not for history, unless a token has both scopes."""
    zone = {"zone": "zone-001"} if path == "/v1/profiles" else {}

    assert 403 == small_api.ask(path, PLANNER, view="live", **zone).status_code
    assert 403 == small_api.ask(path, OPERATOR, view="history", **zone).status_code
    for view in ("live", "history"):
        response = small_api.ask(path, OPERATOR + PLANNER, view=view, **zone)
        assert (200, view) == (response.status_code, response.json()["view"])


def test_without_a_token_nothing_is_read(small_api: Api) -> None:
    """Health and the description of the API are for everyone."""
    for path in LIVE_ONLY + BOTH:
        assert 401 == small_api.client.get(path).status_code, path
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert 200 == small_api.client.get(path).status_code, path


def test_injection_strings_return_no_extra_row(small_api: Api) -> None:
    """In every parameter of every path: an answer has rows of what was asked for, or there is a 422."""
    document = small_api.client.get("/openapi.json").json()
    asked = 0
    for path in LIVE_ONLY + BOTH:
        scopes = OPERATOR if path in LIVE_ONLY else PLANNER
        names = [parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]]
        for name in [*names, "unknown"]:
            for text in INJECTIONS:
                query = {"zone": "zone-001"} if path == "/v1/profiles" and name != "zone" else {}
                response = small_api.ask(path, scopes, **query, **{name: text})
                asked += 1
                if response.status_code != 422:
                    assert 200 == response.status_code, (path, name, text, response.text)
                    assert [] == response.json()["items"], (path, name, text)
    assert asked > 700
    with open_connection(small_api.url, application_name="test") as connection:
        assert [(6,)] == connection.execute("SELECT count(*) FROM core.zone").fetchall()


def test_reads_of_live_figures_are_written_down(small_api: Api) -> None:
    """Who, by which token, what, and how many rows; history is nobody's secret."""
    with open_connection(small_api.url, application_name="test") as connection:
        connection.execute("TRUNCATE core.access_log")

        small_api.ask("/v1/flows/hour", OPERATOR, zone=["zone-001", "zone-002"], limit=3)
        small_api.ask("/v1/flows/hour", OPERATOR + PLANNER, view="history")
        small_api.ask("/v1/flows/day", PLANNER)
        small_api.ask("/v1/now", OPERATOR)
        small_api.ask("/v1/now", PLANNER)
        small_api.ask("/v1/zones", OPERATOR)

        rows = connection.execute(
            "SELECT subject, token_id, route, parameters, rows FROM core.access_log ORDER BY id"
        ).fetchall()
    asked = {"zone": ["zone-001", "zone-002"], "limit": 3}
    assert [
        ("tester", "serial-1", "/v1/flows/hour", asked, 3),
        ("tester", "serial-1", "/v1/now", {}, 5),
    ] == rows


def test_a_period_or_page_without_bounds_is_refused(small_api: Api) -> None:
    """With the bound in the answer."""
    for path, query, name in (
        ("/v1/flows/slot", {"since": "2026-01-01T00:00:00Z"}, "period-too-long"),
        ("/v1/flows/hour", {"since": "2020-01-01T00:00:00Z"}, "period-too-long"),
        ("/v1/flows/day", {"since": "2001-01-01"}, "period-too-long"),
        ("/v1/flows/day", {"since": "2026-01-02", "until": "2026-01-02"}, "wrong-period"),
        ("/v1/flows/day", {"since": "1999-12-31", "until": "2000-01-02"}, "wrong-period"),
        ("/v1/flows/hour", {"since": "0001-01-01T00:00:00+14:00"}, "wrong-period"),
        ("/v1/flows/hour", {"until": "9999-12-31T23:59:59-14:00"}, "wrong-period"),
        ("/v1/flows/hour", {"limit": 20_001}, "wrong-parameter"),
        ("/v1/flows/hour", {"zone": ["z"] * 501}, "wrong-parameter"),
        ("/v1/profiles", {"zone": [f"z{number}" for number in range(11)]}, "wrong-parameter"),
        ("/v1/alerts", {"since": "1815-06-18T00:00:00Z"}, "wrong-period"),
    ):
        response = small_api.ask(path, OPERATOR, **query)
        assert (422, f"urn:duls:problem:{name}") == (response.status_code, response.json()["type"]), query


def test_an_offset_may_lose_its_plus_sign(small_api: Api) -> None:
    """Query strings take it for a space, and people type it."""
    raw = "/v1/flows/hour?zone=zone-001&from=2026-10-25T00:00:00+02:00&to=2026-10-26T00:00:00+01:00"
    query = {"zone": "zone-001", "since": "2026-10-25T00:00:00+02:00", "until": "2026-10-26T00:00:00+01:00"}
    header = small_api.ask("/v1/zones", PLANNER).request.headers["authorization"]

    answer = small_api.client.get(raw, headers={"Authorization": header}).json()

    assert small_api.ask("/v1/flows/hour", PLANNER, **query).json()["items"] == answer["items"]
    assert answer["items"]


def test_many_readers_at_once_are_answered_or_told_to_come_again(small_api: Api) -> None:
    """More than there are connections; nothing else happens to them."""
    header = small_api.ask("/v1/zones", OPERATOR).request.headers["authorization"]

    async def all_at_once() -> list[int]:
        """Send a hundred requests."""
        limits = httpx.Limits(max_connections=100)
        base = f"http://127.0.0.1:{small_api.port}"
        async with httpx.AsyncClient(base_url=base, limits=limits, timeout=60.0) as client:
            headers = {"Authorization": header}
            answers = await asyncio.gather(
                *(client.get("/v1/flows/hour", headers=headers) for _ in range(100))
            )
        return [answer.status_code for answer in answers]

    begun_s = time.monotonic()
    statuses = asyncio.run(all_at_once())

    assert {200} <= set(statuses) <= {200, 503}
    assert time.monotonic() - begun_s < 60.0
