"""Tests of what a flush brings for publications: carriers of a day and visitors of a month, until those are out."""

import numpy as np
import pytest

from processors.columns import CarrierDelta, VisitorDelta
from sinks.claims import Claim
from sinks.connection import Connection
from sinks.flush import flush
from sinks.flush_parts import Flush
from sinks.queries import query
from tests.sinks.flush_values import HOUR_US, SLOT_S, START_DAY, START_US, advance, rows_of

pytestmark = pytest.mark.services

FREEZE = (
    "source",
    "day",
    "zone_version",
    "camera_version",
    "k",
    "carriers",
    "guests",
    "hour_cells",
    "hour_cells_ok",
    "day_cells",
    "day_cells_ok",
    "counted",
)


def vehicles_of(carrier: int, vehicles: int, bucket: int) -> CarrierDelta:
    """Return vehicles of a carrier in zone 4."""
    return CarrierDelta(
        np.array([4], np.int32),
        np.array([bucket], np.int64),
        np.array([3], np.uint8),
        np.array([1], np.uint8),
        np.array([carrier], np.uint32),
        np.array([vehicles], np.int64),
    )


def test_vehicles_of_carriers_add_up_until_their_day_is_published(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Nobody asks for them afterwards, so what comes later is not kept; nor is what retention has taken away."""
    hour_us = START_US // HOUR_US * HOUR_US
    connection.execute(
        "INSERT INTO core.retention_horizon VALUES ('carrier_hour', core.instant(%s))", [hour_us - HOUR_US]
    )
    for number in (1, 2, 3):
        if number == 3:
            values = dict.fromkeys(FREEZE, 0) | {"day": START_DAY}
            assert connection.execute(query("publication", "freeze"), values).fetchall()
        old = vehicles_of(7, 1, hour_us - 2 * HOUR_US)
        parts = Flush(
            [advance(claims, 0, number - 1, number)],
            SLOT_S,
            carrier_hours=CarrierDelta._make(
                map(np.concatenate, zip(old, vehicles_of(2**32 - 1, 2, hour_us), strict=True))
            ),
            carrier_days=vehicles_of(7, number, START_DAY),
        )
        flush(connection, parts, number)

    hours = "SELECT zone_no, core.microseconds(hour_start), vehicle_class, carrier, vehicles FROM core.carrier_hour"
    days = "SELECT zone_no, day - date '1970-01-01', vehicle_class, carrier, vehicles FROM core.carrier_day"
    assert [(4, hour_us, 3, 2**32 - 1, 4)] == rows_of(connection, hours)
    assert [(4, START_DAY, 3, 7, 3)] == rows_of(connection, days)


def visitors_of(month: int, *came: tuple[int, int]) -> VisitorDelta:
    """Return that vehicles, given as pseudonym and days, came to zone 4."""
    rows = len(came)
    return VisitorDelta(
        np.full(rows, month, np.int32),
        np.full(rows, 4, np.int32),
        np.array([visitor for visitor, _ in came], np.uint64),
        np.array([days for _, days in came], np.int32),
        np.ones(rows, np.bool_),
        np.full(rows, 8, np.uint8),
        np.full(rows, 2, np.uint8),
    )


def test_days_of_visitors_are_put_together_until_their_month_is_published(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """A day that comes again changes nothing; nobody asks for what comes later, nor for what retention took away."""
    june, july = 20_605, 20_635
    connection.execute("INSERT INTO core.retention_horizon VALUES ('visitor', '2026-06-01T00:00:00+02:00')")
    last = 2**64 - 1
    given = [
        visitors_of(june, (1, 0b1), (last, 0b100)),
        visitors_of(june, (1, 0b11), (last, 1 << 29)),
        visitors_of(june - 31, (1, 0b1)),
        visitors_of(july, (1, 0b1)),
        visitors_of(june, (1, 0b1000), (5, 0b1)),
    ]
    for number, came in enumerate(given, start=1):
        if number == len(given):
            connection.execute(
                "INSERT INTO core.visitor_publication VALUES ('2026-06-01', now(), 1, 10, 3, 1, 0, 1, 1)"
            )
        flush(connection, Flush([advance(claims, 0, number - 1, number)], SLOT_S, visitors=came), number)

    stored = "SELECT month::text, zone_no, visitor, days, at_home, branch, company_size FROM core.visitor"
    assert [
        ("2026-06-01", 4, -1, 1 << 29 | 0b100, 1, 8, 2),
        ("2026-06-01", 4, 1, 0b11, 1, 8, 2),
        ("2026-07-01", 4, 1, 0b1, 1, 8, 2),
    ] == rows_of(connection, f"{stored} ORDER BY 1, 3")
