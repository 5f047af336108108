"""Entries as rules count them, from the cells that aggregate wrote."""

import pytest

from processors.overload.observation import ZoneObservation, value_of
from processors.overload.plan import limit_of
from processors.overload.rules import Measure, Rule
from processors.vocabulary import VEHICLE_CLASSES
from sinks.connection import Connection
from sinks.overload_figures import slot_entries

pytestmark = pytest.mark.services

SLOT_S = 300
RUNNING_US = 1_795_000_200_000_000  # a slot begins then
LAST_US = RUNNING_US - SLOT_S * 1_000_000
FMS, ANPR = 0, 1
TRUCKS, VANS, ALL = ("N2", "N3"), ("N1",), VEHICLE_CLASSES


@pytest.fixture(autouse=True)
def _zone(connection: Connection) -> None:
    """Load a zone."""
    connection.execute("INSERT INTO core.zone (zone_id) VALUES ('a')")


def enter(connection: Connection, start_us: int, vehicle_class: str, entries: int, source: int = FMS) -> None:
    """Let vehicles of a class come in."""
    connection.execute(
        "INSERT INTO core.flow_slot SELECT zone_no, %s, 1, core.instant(%s), %s, %s, 1, 1, %s, "
        "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM core.zone",
        (VEHICLE_CLASSES.index(vehicle_class), start_us, SLOT_S, source, entries),
    )


def counted(connection: Connection, classes: tuple[str, ...]) -> int | None:
    """Return what a rule on some classes counts."""
    rule = Rule(rule_id="r", zone="a", classes=classes, measure=Measure.ENTRIES_PER_SLOT)
    found = slot_entries(connection, RUNNING_US, SLOT_S)
    return value_of(limit_of(rule, 10), ZoneObservation((), entries=found["a"]))


def test_each_rule_counts_the_slot_in_which_its_own_classes_have_more(connection: Connection) -> None:
    """Vans that come in now take nothing from the trucks of the last slot."""
    enter(connection, LAST_US, "N2", 10)
    enter(connection, RUNNING_US, "N2", 2)
    enter(connection, RUNNING_US, "N1", 20)

    assert (10, 20, 22) == tuple(counted(connection, classes) for classes in (TRUCKS, VANS, ALL))


def test_classes_of_a_rule_are_added_up_before_slots_are_compared(connection: Connection) -> None:
    """The larger slot, not the larger count of each class."""
    enter(connection, LAST_US, "N2", 5)
    enter(connection, RUNNING_US, "N2", 1)
    enter(connection, RUNNING_US, "N3", 6)

    assert 7 == counted(connection, TRUCKS)


def test_the_running_slot_alone_and_the_last_one_alone_count(connection: Connection) -> None:
    """A slot without cells is one without entries."""
    enter(connection, LAST_US, "N2", 4)
    enter(connection, RUNNING_US, "N1", 3)

    assert (4, 3) == (counted(connection, TRUCKS), counted(connection, VANS))


def test_positions_and_detections_of_a_slot_are_never_added(connection: Connection) -> None:
    """They are of the same street."""
    enter(connection, LAST_US, "N2", 4)
    enter(connection, LAST_US, "N2", 6, ANPR)

    assert 6 == counted(connection, TRUCKS)


def test_older_slots_do_not_count(connection: Connection) -> None:
    """Only the running one and the one before."""
    enter(connection, LAST_US - SLOT_S * 1_000_000, "N2", 50)
    enter(connection, LAST_US, "N2", 4)

    assert 4 == counted(connection, TRUCKS)
