"""What monitoring reads: loads of zones that have a capacity, and the size of the database."""

import numpy as np
import pytest

from processors.zone_feature import ZoneFeature
from sinks.claims import claim
from sinks.connection import Connection
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush, NowClock, NowColumns
from sinks.gauges import database_bytes, zone_loads
from sinks.registry import store_zones
from tests.sinks.flush_values import SLOT_S, START_US, TOPIC, advance

pytestmark = pytest.mark.services

RING = ((0.0, 0.0), (1.0, 0.0), (0.0, 0.0))


def zone(zone_id: str, capacity: int | None) -> ZoneFeature:
    """Return a zone with a capacity."""
    return ZoneFeature(zone_id, zone_id, "district", None, capacity, 1.0, ((RING,),))


@pytest.fixture
def zones(connection: Connection) -> Connection:
    """Give a database with zones, large, small and without a capacity."""
    capacities = {"small": 4, "large": 20, "none": None, "closed": 0}
    store_zones(connection, [zone(*given) for given in capacities.items()], lambda _: [])
    return connection


def fill(connection: Connection, present: dict[str, int]) -> None:
    """Let vehicles be present in zones, of two classes and in two partitions."""
    prepare_session(connection)
    rows = connection.execute("SELECT zone_id, zone_no FROM core.zone").fetchall()
    numbers = {str(zone_id): int(zone_no) for zone_id, zone_no in rows}
    count = len(present)
    now = NowColumns(
        np.tile(np.array([0, 1], np.int32), count),
        np.repeat(np.array([numbers[name] for name in present], np.int32), 2),
        np.tile(np.array([3, 5], np.uint8), count),
        np.zeros(2 * count, np.uint8),
        np.repeat(np.array(list(present.values()), np.int64), 2),
        np.full(2 * count, 7, np.int64),
    )
    clocks = [NowClock(0, START_US), NowClock(1, START_US)]
    claims = claim(connection, TOPIC, [0, 1], {0: 0, 1: 0})
    parts = Flush([advance(claims, p, 0, 1) for p in (0, 1)], SLOT_S, now=now, now_clocks=clocks)
    flush(connection, parts, 1)


def test_nothing_is_told_before_there_is_a_stream_time(zones: Connection) -> None:
    """No data is not the same as no vehicles."""
    assert {} == zone_loads(zones)


def test_loads_are_summed_over_partitions_and_classes(zones: Connection) -> None:
    """A zone without vehicles has load 0; one without a capacity, or with none allowed, has no load."""
    fill(zones, {"small": 3, "none": 1})

    assert {"large": 0.0, "small": 1.5} == zone_loads(zones)


def test_the_same_zones_are_told_whatever_their_load(zones: Connection) -> None:
    """Where there are too many, those with the largest capacity: others would be new series all the time."""
    fill(zones, {"small": 3})

    assert {"large": 0.0} == zone_loads(zones, most=1)


def test_the_database_has_a_size(connection: Connection) -> None:
    """An empty schema is some megabytes already."""
    assert database_bytes(connection) > 1_000_000
