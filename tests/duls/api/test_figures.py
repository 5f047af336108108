"""The figures of the API are those of the views of the contract, whole, once, and for who may see them."""

from datetime import datetime
from typing import Any

import pytest

from duls.api.columns import ALERTS
from sinks.connection import open_connection
from tests.duls.api.conftest import OPERATOR, PLANNER, Api
from tests.duls.api.small_city import OLD_ZONE, ZONE_OF_NOBODY

pytestmark = pytest.mark.services

PUBLISHED = {"since": "2026-10-22T22:00:00Z", "until": "2026-10-27T23:00:00Z"}
PUBLISHED_DAYS = {"since": "2026-10-23", "until": "2026-10-28"}
CELLS = [
    ("/v1/flows/slot", OPERATOR, {}, "live.zone_flow", "slot_start"),
    ("/v1/flows/hour", OPERATOR, {}, "live.zone_flow_hour", "hour_start"),
    ("/v1/flows/day", OPERATOR, {}, "live.zone_flow_day", "day"),
    ("/v1/flows/hour", PLANNER, PUBLISHED, "history.zone_flow_hour", "hour_start"),
    ("/v1/flows/day", PLANNER, PUBLISHED_DAYS, "history.zone_flow_day", "day"),
]


def view(url: str, name: str, more: str = "") -> list[dict[str, Any]]:
    """Return the rows of a view as the API writes them."""
    with open_connection(url, application_name="test") as connection:
        connection.execute("SET timezone = 'Europe/Amsterdam'")
        cursor = connection.execute(f"SELECT * FROM {name} {more}".encode())  # noqa: S608  # names of this file
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, map(written, row), strict=True)) for row in cursor]


def written(value: Any) -> Any:
    """Return a value as JSON has it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def in_order(rows: list[dict[str, Any]]) -> list[list[tuple[str, Any]]]:
    """Return rows in an order of their own."""
    return sorted((sorted(row.items()) for row in rows), key=str)


@pytest.mark.parametrize(("path", "scopes", "period", "name", "bucket"), CELLS)
def test_cells_are_those_of_the_view(
    small_api: Api, path: str, scopes: Any, period: Any, name: str, bucket: str
) -> None:
    """Every column of every row, page by page, each once, in the order of time."""
    whole = period or {"since": "2026-01-01"} if path.endswith("day") else period
    if path == "/v1/flows/slot":
        whole = {"since": hours_ago(small_api, 71)}
    elif path == "/v1/flows/hour" and not period:
        whole = {"since": hours_ago(small_api, 100), "until": hours_ago(small_api, -30)}

    rows = small_api.rows(path, scopes, limit=997, **whole)

    assert in_order(view(small_api.url, name)) == in_order(rows)
    times = [instant(row[bucket]) for row in rows]
    assert sorted(times) == times


def hours_ago(api: Api, hours: int) -> str:
    """Return a time before the clock of the database."""
    with open_connection(api.url, application_name="test") as connection:
        statement = "SELECT now() - make_interval(hours => %(hours)s)"
        return str(connection.execute(statement, {"hours": hours}).fetchall()[0][0].isoformat())


def instant(text: str) -> float | str:
    """Return a time as something that can be compared."""
    return datetime.fromisoformat(text).timestamp() if "T" in text else text


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ({"zone": ["zone-001", "zone-002"]}, lambda row: row["zone_id"] in {"zone-001", "zone-002"}),
        ({"zone": OLD_ZONE}, lambda row: row["zone_id"] == OLD_ZONE),
        ({"zone": "nowhere"}, lambda _row: False),
        ({"municipality": "GM0363"}, lambda row: row["zone_id"] in {"zone-001", "zone-006"}),
        ({"kind": "loading_zone"}, lambda row: row["zone_id"] == "zone-002"),
        ({"kind": "hub"}, lambda _row: False),
        ({"vehicle_class": ["N1", "N2"]}, lambda row: row["vehicle_class"] in {"N1", "N2"}),
        ({"zero_emission": "yes"}, lambda row: row["zero_emission"] == "yes"),
        ({"source": "anpr"}, lambda row: row["source"] == "anpr"),
        (
            {"zone": "zone-001", "vehicle_class": "N1", "source": "fms"},
            lambda row: (row["zone_id"], row["vehicle_class"], row["source"]) == ("zone-001", "N1", "fms"),
        ),
    ],
)
def test_filters_keep_what_they_name(small_api: Api, query: Any, keeps: Any) -> None:
    """Values of one filter are alternatives, filters are conditions."""
    everything = small_api.rows("/v1/flows/day", PLANNER, limit=20_000, **PUBLISHED_DAYS)

    rows = small_api.rows("/v1/flows/day", PLANNER, **PUBLISHED_DAYS, **query)

    assert in_order([row for row in everything if keeps(row)]) == in_order(rows)


def test_zones_are_those_of_the_newest_version(small_api: Api) -> None:
    """For operators and planners alike."""
    expected = view(
        small_api.url, "(SELECT zone_id, name, kind, municipality, capacity, area_km2 FROM live.zone) AS z"
    )

    for scopes in (OPERATOR, PLANNER):
        rows = small_api.rows("/v1/zones", scopes, limit=2)
        assert in_order(expected) == in_order(rows)
        assert ["zone-001", "zone-002", "zone-003", "zone-004", "zone-005"] == [
            row["zone_id"] for row in rows
        ]


def test_now_has_every_zone(small_api: Api) -> None:
    """Vehicles are added up over classes; load is a part of the capacity, null without one."""
    counted = view(
        small_api.url,
        "(SELECT zone_id, sum(present)::int AS present FROM live.zone_now GROUP BY zone_id) AS n",
    )
    present = {row["zone_id"]: row["present"] for row in counted}

    rows = small_api.rows("/v1/now", OPERATOR, limit=2)

    assert [(f"zone-00{number}", present.get(f"zone-00{number}", 0)) for number in range(1, 6)] == [
        (row["zone_id"], row["present"]) for row in rows
    ]
    assert all(row["load"] == (row["present"] / row["capacity"] if row["capacity"] else None) for row in rows)


def test_now_counts_the_vehicles_that_are_asked_for(small_api: Api) -> None:
    """A zone without them has zero."""
    rows = small_api.rows("/v1/now", OPERATOR, vehicle_class="N1")
    counted = view(small_api.url, "live.zone_now", "WHERE vehicle_class = 'N1'")

    assert sum(row["present"] for row in counted if row["zone_id"] != OLD_ZONE) == sum(
        row["present"] for row in rows
    )
    assert 5 == len(rows)


def test_alerts_come_newest_first_and_once(small_api: Api) -> None:
    """Several may have begun in the same instant."""
    names = ", ".join(column.name for column in ALERTS)
    alerts = f"(SELECT {names} FROM live.alert) AS a"  # noqa: S608  # names of the API
    expected = view(small_api.url, alerts, "ORDER BY since DESC, alert_id DESC")

    assert expected == small_api.rows("/v1/alerts", OPERATOR, limit=3)
    firing = small_api.rows("/v1/alerts", OPERATOR, state="firing")
    assert [row for row in expected if row["state"] == "firing"] == firing


def test_alerts_of_a_period_are_those_that_lasted_in_it(small_api: Api) -> None:
    """An alert that lasts has no end."""
    limits = {"since": hours_ago(small_api, -1), "until": hours_ago(small_api, -2)}

    rows = small_api.rows("/v1/alerts", OPERATOR, **limits)

    assert {"firing"} == {row["state"] for row in rows}
    assert [] == small_api.rows("/v1/alerts", OPERATOR, until="2026-01-01T00:00:00Z")


def test_feeds_are_always_there(small_api: Api) -> None:
    """Both, with their clocks."""
    rows = small_api.rows("/v1/feeds", OPERATOR)

    assert ["anpr", "fms"] == [row["feed"] for row in rows]
    assert all(row["complete_through"] is not None for row in rows)


@pytest.mark.parametrize("by", [["zone"], ["time"], ["vehicle_class", "zone"], ["time", "zero_emission"]])
@pytest.mark.parametrize(
    ("path", "scopes", "period"),
    [
        ("hour", PLANNER, PUBLISHED),
        ("day", PLANNER, PUBLISHED_DAYS),
        ("day", OPERATOR, {"since": "2026-01-01"}),
    ],
)
def test_totals_are_sums_of_cells(small_api: Api, path: str, scopes: Any, period: Any, by: list[str]) -> None:
    """Of one source; what is not told apart is null, and suppressed cells are counted, not added."""
    cells = small_api.rows(f"/v1/flows/{path}", scopes, limit=20_000, source="fms", **period)
    bucket = "hour_start" if path == "hour" else "day"
    names = {
        "time": bucket,
        "zone": "zone_id",
        "vehicle_class": "vehicle_class",
        "zero_emission": "zero_emission",
    }
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for cell in cells:
        key = tuple(cell[name] if part in by else None for part, name in names.items())
        total = sums.setdefault(key, {"cells": 0, "suppressed": 0, "entries": None, "dwell_s": None})
        total["cells"] += 1
        total["suppressed"] += cell["entries"] is None
        for figure in ("entries", "dwell_s"):
            if cell[figure] is not None:
                total[figure] = (total[figure] or 0) + cell[figure]

    rows = small_api.rows(f"/v1/totals/{path}", scopes, by=by, **period)

    found = {
        tuple(row[name] for name in names.values()): {
            name: row[name] for name in ("cells", "suppressed", "entries", "dwell_s")
        }
        for row in rows
    }
    assert sums == found


def test_a_profile_is_the_mean_of_a_week(small_api: Api) -> None:
    """Over all hours of the period at the weekday and hour: the hour that comes twice in autumn counts twice."""
    query = {"zone": "zone-003", "vehicle_class": "M1", **PUBLISHED}
    cells = small_api.rows("/v1/flows/hour", PLANNER, limit=20_000, source="fms", **query)

    rows = small_api.rows("/v1/profiles", PLANNER, **query)

    two = next(row for row in rows if (row["weekday"], row["hour"]) == (7, 2))
    twice = [cell for cell in cells if cell["hour_start"].startswith("2026-10-25T02:00:00")]
    assert (2, 2) == (two["hours"], len(twice))
    known = [cell["vehicles"] for cell in twice if cell["vehicles"] is not None]
    assert two["vehicles"] == (sum(known) / 2 if known else None)
    assert 2 - len(known) == two["suppressed"]
    assert 5 * 24 == len(rows)


def test_a_municipality_sees_its_own(small_api: Api) -> None:
    """Whatever is asked for, and whatever becomes of zones later."""
    granted = ("GM0363",)
    own = {"zone-001", OLD_ZONE}
    for path, scopes, period, _, _ in CELLS:
        rows = small_api.rows(path, scopes, municipalities=granted, limit=20_000, **period)
        assert {row["zone_id"] for row in rows} == own, path
        others = small_api.rows(path, scopes, municipalities=granted, zone="zone-002", **period)
        assert [] == others
    for path in ("/v1/zones", "/v1/now"):
        assert ["zone-001"] == [
            row["zone_id"] for row in small_api.rows(path, OPERATOR, municipalities=granted)
        ]
    alerts = small_api.rows("/v1/alerts", OPERATOR, municipalities=granted)
    assert own == {row["zone_id"] for row in alerts}
    totals = small_api.rows("/v1/totals/day", PLANNER, municipalities=granted, **PUBLISHED_DAYS)
    assert own == {row["zone_id"] for row in totals}
    assert [] == small_api.rows("/v1/profiles", PLANNER, municipalities=granted, zone="zone-002", **PUBLISHED)


def test_a_token_without_municipalities_sees_nothing(small_api: Api) -> None:
    """Nor does one of another city see zones that belong to nobody."""
    assert [] == small_api.rows("/v1/zones", OPERATOR, municipalities=())
    assert [] == small_api.rows("/v1/zones", OPERATOR, municipalities=("GM0855",), zone=ZONE_OF_NOBODY)
    assert [] == small_api.rows("/v1/totals/day", PLANNER, municipalities=(), by="time", **PUBLISHED_DAYS)
