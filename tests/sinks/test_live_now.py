"""What the live page reads: vehicles in zones, feeds, alerts, and the shapes of zones."""

import dataclasses
import json
from datetime import UTC, datetime

import psycopg
import pytest

from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.live_now import AlertNow, read_live
from sinks.reading import Reader, ReadRole
from sinks.registry import store_zones
from sinks.zone_shapes import read_zone_shapes, read_zones_mark

pytestmark = pytest.mark.services

RING = ((5.0, 52.0), (5.123456789, 52.0), (5.1, 52.1), (5.0, 52.0))
LARGE = ZoneFeature("stad", "Stad", "municipality", "GM0001", None, 40.0, ((RING,),))
SMALL = ZoneFeature("plek", "Plek", "loading_zone", "GM0001", 4, 0.1, ((RING,),))


@pytest.fixture(autouse=True)
def _zones(connection: Connection) -> None:
    """Load two zones."""
    store_zones(connection, [SMALL, LARGE], lambda _: [])


def put(
    connection: Connection, zone_id: str, vehicle_class: int, emission: int, present: int, silent: int
) -> None:
    """Put vehicles into a zone."""
    connection.execute(
        "INSERT INTO core.zone_now_part SELECT 0, zone_no, %s, %s, %s, %s FROM core.zone WHERE zone_id = %s",
        (vehicle_class, emission, present, silent, zone_id),
    )


def test_before_the_first_clock_nothing_is_known(connection: Connection) -> None:
    """No vehicles differ from not knowing; both feeds are there."""
    reading = read_live(connection)

    assert reading.as_of is None
    assert {} == reading.zones
    assert [("anpr", None), ("fms", None)] == [(feed.feed, feed.last_arrival) for feed in reading.feeds]


def test_vehicles_are_summed_over_classes_and_kept_by_class(connection: Connection) -> None:
    """Silent ones apart; a class of which only silent ones are there is not named."""
    connection.execute("INSERT INTO core.now_clock VALUES (0, '2026-11-23 08:00:00.25Z')")
    put(connection, "plek", 3, 0, 2, 1)
    put(connection, "plek", 3, 1, 3, 0)
    put(connection, "plek", 5, 1, 1, 0)
    put(connection, "plek", 0, 1, 0, 4)

    reading = read_live(connection)

    (zone,) = reading.zones.values()
    assert round(datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp() * 1_000) + 250 == reading.as_of
    assert (6, 5, 2) == (zone.present, zone.silent, zone.zero_emission)
    assert {"N1": 5, "N3": 1} == json.loads(bytes(zone.classes))


def test_what_arrives_is_counted_by_minute(connection: Connection) -> None:
    """The last three minutes; older ones make no rate."""
    # now() stands still in a transaction, whenever a minute turns
    with connection.transaction():
        for minutes_ago, accepted in ((0, 5), (1, 7), (30, 9)):
            connection.execute(
                "INSERT INTO core.feed_minute SELECT 0, date_trunc('minute', now()) - %s * interval '1 minute', %s, "
                "0, 0, 0, 0, 0, 0",
                (minutes_ago, accepted),
            )

    counts = read_live(connection).accepted_by_minute

    assert [7, 5] == [count for _, count in sorted(counts.items())]
    assert {"fms"} == {feed for feed, _ in counts}


def test_alerts_that_last_come_with_those_that_just_ended(connection: Connection) -> None:
    """Times are milliseconds; what ended long ago is history."""
    for alert_id, ended in (("lasting", None), ("ended", 60), ("old", 3_600)):
        connection.execute(
            "INSERT INTO core.alert SELECT %s, zone_no, 'present', 'firing', 5, 4, 125, '2026-11-23 08:00Z', "
            "now() - %s * interval '1 second', NULL, NULL, 'vol' FROM core.zone WHERE zone_id = 'plek'",
            (alert_id, ended),
        )
    connection.execute("UPDATE core.alert SET reason_en = 'full'")

    alerts = read_live(connection).alerts

    assert ["lasting", "ended"] == list(alerts)
    since = round(datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp() * 1_000)
    assert (
        AlertNow("plek", "present", "firing", 5.0, 4, 125.0, since, None, None, None, "vol", "full")
        == alerts["lasting"]
    )


def test_shapes_come_largest_first_and_are_cut_to_what_a_screen_shows(connection: Connection) -> None:
    """With the limits of each zone and the point of its label."""
    large, small = read_zone_shapes(connection)
    feature = json.loads(bytes(small.feature))

    assert ("stad", "GM0001") == (large.zone_id, large.municipality)
    assert [5.123456, 52.0] == feature["geometry"]["coordinates"][0][0][1]
    properties = feature["properties"]
    assert ("plek", 4, 0.8, 0.9) == tuple(properties[name] for name in ("id", "capacity", "busy", "full"))
    assert 5.0 < properties["lon"] < 5.13
    assert 52.0 < properties["lat"] < 52.1


def test_the_mark_changes_with_the_zones(connection: Connection) -> None:
    """A capacity that came or went is a change, too."""
    freed = dataclasses.replace(SMALL, capacity=None)
    marks = [read_zones_mark(connection)]
    for changed in ([LARGE, SMALL], [LARGE, freed], [LARGE]):
        store_zones(connection, changed, lambda _: [])
        marks.append(read_zones_mark(connection))

    assert marks[0] == marks[1]
    assert 3 == len(set(marks))


def test_an_operator_may_read_all_of_it(figures_url: str, connection: Connection) -> None:
    """And a planner may not: live figures can be small."""
    connection.execute("INSERT INTO core.now_clock VALUES (0, now())")
    with Reader(figures_url) as reader:
        with reader.transaction(ReadRole.OPERATOR) as operator:
            assert read_live(operator).as_of is not None
            assert 2 == len(read_zone_shapes(operator))
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            reader.transaction(ReadRole.PLANNER) as planner,
        ):
            read_live(planner)


def test_zones_that_are_rising_are_alerts_that_have_not_begun(connection: Connection) -> None:
    """With how likely, and when; without anybody to take them on."""
    connection.execute(
        "INSERT INTO core.alert_watch (zone_no, rule, shard, state, changed_at, value, capacity, probability_30, "
        "expected_at, muted, document) SELECT zone_no, 'full', 0, CASE zone_id WHEN 'plek' THEN 'rising' ELSE 'normal' "
        "END, '2026-11-23 08:00Z', 3, 4, 0.7, '2026-11-23 08:20Z', false, '{}' FROM core.zone"
    )
    since = round(datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp() * 1_000)

    assert {
        "rising/full/plek": AlertNow(
            "plek", "full", "rising", 3, 4, 75.0, since, None, None, None, None, None, 0.7, since + 1_200_000
        )
    } == read_live(connection).alerts
