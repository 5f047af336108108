"""Tests of the operators' views: texts, units and the clocks of feeds."""

import numpy as np
import pytest

from processors.zone_feature import ZoneFeature
from sinks.claims import claim
from sinks.connection import Connection
from sinks.doctor import feeds
from sinks.flush import flush, prepare_session
from sinks.flush_parts import FeedClock, FeedMinute, Flush, NowClock, NowColumns
from sinks.registry import store_settings, store_zones
from tests.sinks.flush_values import SLOT_S, START_DAY, START_US, TOPIC, advance, cells

pytestmark = pytest.mark.services

MINUTE_US = 60_000_000
ZONE = ZoneFeature("kade", "Kade", "district", None, None, 1.0, ((((0.0, 0.0), (1.0, 0.0), (0.0, 0.0)),),))


def write(connection: Connection, parts: Flush) -> None:
    """Load the zone and flush *parts*, whose advances are filled in."""
    prepare_session(connection)
    store_zones(connection, [ZONE], lambda _: [])
    claims = claim(connection, TOPIC, [0], {0: 0})
    flush(connection, parts._replace(advances=[advance(claims, 0, 0, 1)]), 1)


def test_flow_is_shown_in_texts_seconds_and_metres(connection: Connection) -> None:
    """Codes, microseconds and micrometres stay inside."""
    hours = cells([1], START_US, 2_500_000)
    write(connection, Flush([], SLOT_S, hours, hours, cells([1], START_DAY, 2_500_000)))

    for view in ("zone_flow", "zone_flow_hour", "zone_flow_day"):
        rows = connection.execute(
            "SELECT zone_id, vehicle_class, zero_emission, source, observations, dwell_s, visit_s, stop_s, "  # noqa: S608  # names of this file
            f"distance_m FROM live.{view}"
        ).fetchall()
        assert [("kade", "N1", "no", "fms", 2_500_000, 2.5, 2.5, 2.5, 2.5)] == rows


def test_present_vehicles_are_summed_over_partitions(connection: Connection) -> None:
    """They are as old as the partition that is furthest behind."""
    now = NowColumns(
        np.array([0, 1], np.int32),
        np.array([1, 1], np.int32),
        np.array([5, 5], np.uint8),
        np.array([0, 0], np.uint8),
        np.array([2, 3], np.int64),
        np.array([1, 0], np.int64),
    )
    clocks = [NowClock(0, START_US), NowClock(1, START_US - 7)]
    write(connection, Flush([], SLOT_S, now=now, now_clocks=clocks))

    rows = connection.execute(
        "SELECT zone_id, vehicle_class, zero_emission, present, silent, core.microseconds(as_of) "
        "FROM live.zone_now"
    ).fetchall()
    assert [("kade", "N3", "yes", 5, 1, START_US - 7)] == rows


def test_with_the_event_clock_feeds_are_seen_from_their_last_arrival(connection: Connection) -> None:
    """Lag, rate and hour do not depend on today's date; positions are complete reorder_s earlier."""
    store_settings(connection, '{"clock": "event", "reorder_s": 10}', lambda _: [])
    arrival = START_US + 30_000_000
    minutes = [
        FeedMinute(0, START_US - 60 * MINUTE_US, *[1000] * 7),
        FeedMinute(0, START_US - 59 * MINUTE_US, *[1] * 7),
        FeedMinute(0, START_US - MINUTE_US, *[120] * 7),
        FeedMinute(0, START_US, *[10] * 7),
    ]
    clocks = [
        FeedClock(0, 0, arrival - 2_000_000, START_US, arrival),
        FeedClock(1, 0, arrival - 5_000_000, START_US, arrival - 1),
        FeedClock(0, 1, START_US, START_US, START_US),
        FeedClock(1, 1, None, None, None),
    ]
    write(connection, Flush([], SLOT_S, feed_minutes=minutes, feed_clocks=clocks))

    anpr, fms = feeds(connection)
    assert ("fms", arrival - 15_000_000, 15.0, 2.0, 131, 131) == fms
    assert ("anpr", None, None, 0.0, 0, 0) == anpr


def test_with_the_arrival_clock_a_silent_feed_falls_behind(connection: Connection) -> None:
    """Its lag grows with the wall clock, and its hour is empty."""
    write(
        connection,
        Flush(
            [],
            SLOT_S,
            feed_minutes=[FeedMinute(1, START_US - 90 * 24 * 60 * MINUTE_US, *[5] * 7)],
            feed_clocks=[FeedClock(0, 1, START_US - 90 * 24 * 60 * MINUTE_US, None, None)],
        ),
    )

    anpr, fms = feeds(connection)
    assert anpr.accepted_1h == 0
    assert anpr.lag_s is not None
    assert ("fms", None, None, 0.0, 0, 0) == fms
