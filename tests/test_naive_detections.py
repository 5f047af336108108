"""The figures of detections that the oracle gives, against figures worked out by hand."""

from collections.abc import Hashable
from itertools import count

from naive import Cell, DetectionRow, Figures, NaiveDetections, Settings, run_detections
from naive_examples import DAY0, T0, at_us, nonzero

INWARD = {"obverse": "in", "reverse": "out", "unknown": "unknown"}
REGISTRY = {"gate": [("box", INWARD)], "inner": [("box", INWARD), ("core", {**INWARD, "obverse": "out"})]}
WEEK = 7 * 86_400
FLOOR = 0.5
MICROSECOND = 0.000_001

_numbers = count(1_000)  # examples that need an offset of their own name one below


def seen(second: float, *, arrival: float | None = None, **fields: Hashable) -> DetectionRow:
    """Return a detection by camera "gate" at a second after `T0`, with an observation id of its own."""
    number = next(_numbers)
    given = {"vehicle": "van", "camera": "gate", "observation_id": number, "offset": number, "partition": 0}
    arrival_us = at_us(second if arrival is None else arrival)
    return DetectionRow(event_us=at_us(second), arrival_us=arrival_us, **(given | fields))


def figures_of(*rows: DetectionRow, stream: float = 10_000) -> Figures:
    """Return the figures of rows when stream time is *stream* seconds after `T0`."""
    return run_detections(rows, REGISTRY, Settings(), stream_us=at_us(stream))


def outcomes_of(*rows: DetectionRow, stream: float = 10_000) -> list[str]:
    """Return the outcome of each row."""
    outcomes = figures_of(*rows, stream=stream).outcomes
    return [outcomes[given.identity].value for given in rows]


def cell_of(figures: Figures, zone_id: str = "box") -> Cell:
    """Return the figures of a zone in the hour from `T0` without zeros."""
    return nonzero(figures.cells["hour"].get((zone_id, T0, "N1", "no", "anpr"), {}))


def test_directions_are_entries_exits_or_neither() -> None:
    """One detection each way: the unknown one counts as observation only."""
    rows = (seen(0), seen(20, direction="reverse"), seen(40, direction="unknown"), seen(60, vehicle="truck"))

    expected = {"observations": 4, "entries": 2, "exits": 1, "vehicles": 2}
    assert expected == cell_of(figures_of(*rows))


def test_a_camera_counts_in_each_of_its_zones_by_their_own_directions() -> None:
    """A camera between two zones is an entry of one and an exit of the other."""
    figures = figures_of(seen(0, camera="inner"))

    assert {"observations": 1, "vehicles": 1, "entries": 1} == cell_of(figures)
    assert {"observations": 1, "vehicles": 1, "exits": 1} == cell_of(figures, "core")


def test_a_detection_is_due_once_stream_time_is_greater_than_its_arrival() -> None:
    """At its arrival it is held; a microsecond later it is taken; a drain takes it in any case."""
    row = seen(0)
    assert ["held"] == outcomes_of(row, stream=0)
    assert ["taken"] == outcomes_of(row, stream=MICROSECOND)

    drained = run_detections([row], REGISTRY, Settings(), stream_us=None, drained=True)
    assert {"taken": 1} == drained.counts


def test_detections_by_an_unregistered_camera_are_rejected_before_anything_else() -> None:
    """They do not register their id, so the same id by a known camera counts."""
    rows = (seen(0, camera="lost", observation_id="a"), seen(1, observation_id="a"))

    assert ["unregistered_camera", "taken"] == outcomes_of(*rows)


def test_detections_later_than_seven_days_are_late_and_do_not_register_their_id() -> None:
    """Exactly seven days is in time."""
    late = seen(0, arrival=WEEK + MICROSECOND, observation_id="a")
    rows = (seen(0, arrival=WEEK), late, seen(WEEK, arrival=WEEK + 1, observation_id="a"))

    assert ["taken", "late", "taken"] == outcomes_of(*rows, stream=WEEK + 2)


def test_a_repeated_observation_id_counts_once_and_its_first_content_wins() -> None:
    """The first to arrive wins, also from another partition, and also when its confidence is low."""
    second = seen(100, arrival=101, observation_id="a", direction="reverse")
    first = seen(0, observation_id="a", partition=1)
    assert ["duplicate", "taken"] == outcomes_of(second, first)
    assert {"observations": 1, "vehicles": 1, "entries": 1} == cell_of(figures_of(second, first))

    unsure = seen(0, observation_id="b", confidence=FLOOR - 0.01)
    assert ["low_confidence", "duplicate"] == outcomes_of(unsure, seen(1, observation_id="b"))


def test_confidence_at_the_floor_counts_and_below_it_does_not() -> None:
    """0.5 is taken; 0.49 is in no flow cell and opens no window."""
    rows = (seen(0, confidence=0.49), seen(1, confidence=FLOOR))

    assert ["low_confidence", "taken"] == outcomes_of(*rows)


def test_detections_of_one_vehicle_camera_and_direction_in_ten_seconds_of_the_clock_are_one() -> None:
    """Windows start at whole tens of seconds, whatever the order of arrival."""
    rows = (seen(9.9, arrival=10), seen(0, arrival=11), seen(10, arrival=12), seen(19.9, arrival=20))

    assert ["taken", "duplicate", "taken", "duplicate"] == outcomes_of(*rows)


def test_another_vehicle_camera_or_direction_is_not_the_same_detection() -> None:
    """Only all three together make a repeat."""
    others = (seen(1, vehicle="truck"), seen(1, camera="inner"), seen(1, direction="reverse"))

    assert ["taken"] * 4 == outcomes_of(seen(0), *others)


def test_detections_are_processed_by_arrival_partition_offset_and_index() -> None:
    """Of two repeats that arrive together the lower partition counts."""
    higher = seen(0, partition=1, offset=0)
    lower = seen(1, arrival=0, partition=0, offset=9)

    assert ["duplicate", "taken"] == outcomes_of(higher, lower)


def test_a_vehicle_keeps_the_class_of_its_first_taken_detection_of_the_day() -> None:
    """Low confidence decides nothing; the next local day starts anew."""
    unsure = seen(0, vehicle_class="M1", confidence=0.1)
    rows = (
        unsure,
        seen(20, vehicle_class="N2"),
        seen(40, vehicle_class="N3"),
        seen(43_200, vehicle_class="N3"),
    )
    days = figures_of(*rows, stream=50_000).cells["day"]

    assert {("box", DAY0, "N2", "no", "anpr"), ("box", DAY0 + 1, "N3", "no", "anpr")} == days.keys()
    assert 2 == days["box", DAY0, "N2", "no", "anpr"]["observations"]


def test_late_counts_detections_that_arrived_over_a_minute_after_their_bucket() -> None:
    """The slot ends at 300 s: 360 s is in time and 361 s late, for the hour neither."""
    figures = figures_of(seen(0, arrival=360), seen(20, arrival=361))

    assert 1 == figures.cells["slot"]["box", T0, "N1", "no", "anpr"]["late"]
    assert "late" not in cell_of(figures)


def test_a_camera_is_known_from_the_version_that_brings_it() -> None:
    """What was due before the change stays rejected; what comes after it counts."""
    oracle = NaiveDetections(Settings(), {})
    before, after = seen(0), seen(20)
    oracle.add([before])
    oracle.advance(at_us(10))
    oracle.change_cameras(REGISTRY)
    oracle.add([after])
    oracle.advance(at_us(30))

    assert {"unregistered_camera": 1, "taken": 1} == oracle.figures().counts
