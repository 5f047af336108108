"""Past slots for the time slider: means, gaps, and who may see which zone."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.past_slots import Where, ZoneSlot, read_series, read_slot, slot_length
from sinks.registry import store_zones

pytestmark = pytest.mark.services

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
SLOT = timedelta(minutes=5)
RING = ((5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.0))


@pytest.fixture(autouse=True)
def _zones(connection: Connection) -> None:
    """Load a municipality, a neighbourhood in it, and one elsewhere."""
    zones = [
        ZoneFeature("stad", "Stad", "municipality", "GM0001", None, 9.0, ((RING,),)),
        ZoneFeature("hier", "Hier", "neighbourhood", "GM0001", None, 3.0, ((RING,),)),
        ZoneFeature("daar", "Daar", "neighbourhood", "GM0002", None, 3.0, ((RING,),)),
    ]
    store_zones(connection, zones, lambda _: [])


def cell(
    connection: Connection,
    zone: str,
    slot: int,
    mean: float,
    *,
    slot_s: int = 300,
    source: int = 0,
    vehicle_class: int = 3,
) -> None:
    """Give a zone a mean number of vehicles in a slot."""
    connection.execute(
        "INSERT INTO core.flow_slot SELECT zone_no, %s, 1, %s, %s, %s, 1, 1, 3, 2, 0, 0, %s, 0, 0, 0, 0, 0, 0, 0 "
        "FROM core.zone WHERE zone_id = %s",
        (
            vehicle_class,
            START + slot * timedelta(seconds=slot_s),
            slot_s,
            source,
            round(mean * slot_s * 1e6),
            zone,
        ),
    )


def series(connection: Connection, where: Where, slots: int = 4) -> list[tuple[int, float]]:
    """Return the series of the first slots, by their number."""
    points = read_series(connection, where, (START, START + slots * SLOT), SLOT)
    return [((start - START) // SLOT, present) for start, present in points]


def test_before_the_first_slot_there_is_no_length(connection: Connection) -> None:
    """Then the newest one tells it; detections say nothing of it."""
    assert slot_length(connection) is None
    cell(connection, "hier", 0, 1.0, source=1)
    assert slot_length(connection) is None
    cell(connection, "hier", 1, 1.0)
    cell(connection, "hier", 60, 1.0, slot_s=60)
    assert timedelta(seconds=60) == slot_length(connection)


def test_a_slot_is_summed_over_classes_and_positions_only(connection: Connection) -> None:
    """Detections know no dwell; slots of another length are others."""
    cell(connection, "hier", 0, 1.5)
    cell(connection, "hier", 0, 2.0, vehicle_class=5)
    cell(connection, "hier", 0, 9.0, source=1)
    cell(connection, "daar", 0, 9.0, slot_s=60)

    assert {"hier": ZoneSlot(3.5, 6, 4)} == read_slot(connection, START, SLOT)


def test_a_slot_without_any_figure_is_a_gap_and_an_empty_zone_is_empty(connection: Connection) -> None:
    """Nothing is not zero."""
    cell(connection, "hier", 0, 2.0)
    cell(connection, "daar", 2, 5.0)

    assert [(0, 2.0), (2, 0.0)] == series(connection, Where("hier", None, None))


def test_zones_of_a_kind_are_summed(connection: Connection) -> None:
    """Up to the end of the span, which is not in it."""
    for slot in range(4):
        cell(connection, "hier", slot, 1.0)
        cell(connection, "daar", slot, 2.0)

    assert [(0, 3.0), (1, 3.0)] == series(connection, Where(None, "neighbourhood", None), slots=2)


def test_zones_of_others_count_for_nobody_else(connection: Connection) -> None:
    """Be they asked for by kind or by name."""
    cell(connection, "hier", 0, 1.0)
    cell(connection, "daar", 0, 2.0)

    assert [(0, 1.0)] == series(connection, Where(None, "neighbourhood", ["GM0001"]))
    assert [(0, 0.0)] == series(connection, Where("daar", None, ["GM0001"]))
