"""Loads at shares of the largest rate: what that is, how a peer's capacity and delays come about, and what is shown."""

from pathlib import Path

import pytest

from benchmarks.city_records import build_city
from benchmarks.count_watch import Progress, capacity, note_arrivals
from benchmarks.goals import GOALS
from benchmarks.loads import as_text, capacity_of
from benchmarks.machine import this_machine
from benchmarks.marker_zones import MARKERS, SIDE_DEG, marker_zones
from benchmarks.markers import Entry
from benchmarks.peer_loads import PeerLoads, PeerStep
from benchmarks.plain_zones import PlainZones
from benchmarks.write_up import goal_row

DELAY = {"count": 9, "p50_s": 0.1, "p99_s": 0.25, "max_s": 0.3}


def step(share: float, p99_s: float) -> dict[str, object]:
    """Return what we did under a share."""
    delay = {**DELAY, "p99_s": p99_s}
    return {
        "share": share,
        "rate": share * 1e5,
        "behind_s": 0.01,
        "zone_now": delay,
        "zone_flow": delay,
        "lag": delay,
        "cores": {"intake": 0.1, "aggregate": 0.2, "broker": 0.3, "database": 0.4},
    }


def test_the_largest_rate_is_what_was_found_to_be_sustained(tmp_path: Path) -> None:
    """Where nothing was measured, or nothing sustained, it is the documented one."""
    path = tmp_path / "sustained.json"
    assert capacity_of(path) == 150_000
    path.write_text('{"largest": 0.0}')
    assert capacity_of(path) == 150_000
    path.write_text('{"largest": 99999.6, "steps": []}')
    assert capacity_of(path) == 100_000


def test_the_capacity_of_a_peer_leaves_out_how_it_warms_up() -> None:
    """A thousand records that make two thousand counts; the last 1,600 of them took four seconds."""
    seen = [
        Progress(0.0, 0),
        Progress(30.0, 399),
        Progress(31.0, 400),
        Progress(33.0, 900),
        Progress(35.0, 2_000),
    ]

    assert capacity(seen, counts=2_000, records=1_000) == pytest.approx(200.0)


def test_counts_of_a_zone_belong_to_its_entries_in_their_order() -> None:
    """Also where two loads entered it, and a count that never came leaves the last entry without one."""
    entries = [Entry("a", 1, 10.0), Entry("b", 1, 11.0), Entry("a", 2, 20.0), Entry("a", 1, 30.0)]

    note_arrivals(entries, {"a": b"400", "b": b"401"}, {b"400": [10.5, 20.75], b"401": [11.25]})

    assert [10.5, 11.25, 20.75, None] == [entry.now_s for entry in entries]


def test_peers_find_markers_in_zones_behind_those_of_the_city_and_nowhere_else() -> None:
    """The key of a count names the marker by it; beside its zone a marker is in none."""
    city = build_city(1)
    zones = PlainZones.with_markers()
    _, markers = marker_zones(city, MARKERS)

    assert [[len(city.zones) + number] for number in range(MARKERS)] == [
        zones.around({"lat": marker.lat, "lon": marker.lon}) for marker in markers
    ]
    assert [[]] * MARKERS == [
        zones.around({"lat": marker.lat - 2 * SIDE_DEG, "lon": marker.lon}) for marker in markers
    ]


def test_the_tables_show_each_load_and_why_a_peer_is_missing() -> None:
    """A share that a peer was not given has no line."""
    tried = PeerStep(share=0.25, rate=250.0, behind_s=0.0, delay=DELAY, cores=0.5, broker_cores=0.25)
    text = as_text(
        {
            "machine": this_machine(),
            "capacity": 100_000,
            "duration_s": 60.0,
            "steps": [step(0.25, 0.5), step(0.8, 0.75)],
            "peers": {"bytewax": PeerLoads(1_000.0, [tried])},
            "failures": {"quix": "not installable"},
        }
    )
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]

    assert [
        "80%",
        "80,000",
        "0.10 s",
        "0.75 s",
        "0.75 s",
        "0.75 s",
        "0.01 s",
        "0.10",
        "0.20",
        "0.30",
        "0.40",
    ] in lines
    peers = [line for line in lines if line[0] == "bytewax"]
    assert peers == [
        ["bytewax", "1,000", "25%", "250", "0.10 s", "0.25 s", "0.30 s", "0.00 s", "0.50", "0.25"]
    ]
    assert text.endswith("Missing or failed: quixstreams (not installable).")


def test_goals_hold_at_each_share_that_was_measured() -> None:
    """A share without a figure is not measured."""
    results = {"loads": {"steps": [step(0.25, 0.5), step(0.8, 1.5)]}}
    goals = [goal for goal in GOALS if goal.result == "loads"]
    rows = [goal_row(goal, results)[3:] for goal in goals]

    assert rows == [
        ("0.50 s", "met"),
        ("not measured", ""),
        ("1.50 s", "missed: 1.50 of it"),
        ("1.50 s", "met"),
    ]
