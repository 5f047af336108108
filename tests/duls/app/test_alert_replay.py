"""`duls alerts replay`: two rule sets over the cells of a period."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from duls.app.alert_replay import Period, ReplayReport, replay_rules
from duls.app.rules import Author, load_rule_file
from duls.cli.program import run
from duls.config import Settings
from duls.errors import InvalidInputError
from sinks.connection import open_connection
from tests.duls.app.test_registry import square, zone_file
from tests.duls.app.test_rules import load_zones

pytestmark = pytest.mark.services

START: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
SLOT_S: Final = 300
VAN: Final = 3
NOW_US: Final = round((START + timedelta(days=3)).timestamp() * 1e6)
LOADS: Final = (3, 9, 12, 3, 3, 15, 15, 15, 3, 3)  # mean vans per slot
EMPTY: Final = "b"


@pytest.fixture
def history(figures: Settings, tmp_path: Path) -> Settings:
    """Give an installation with two zones, of which one filled up twice, and a rule in force."""
    load_zones(figures, zone_file(tmp_path, square("a"), square(EMPTY, west=5.1)))
    put_slots(figures, LOADS)
    in_force = rule_file(
        tmp_path, {"id": "busy", "capacity": 16}, {"id": "old", "capacity": 10}, name="in_force"
    )
    load_rule_file(figures, in_force, Author("a"))
    return figures


def rule_file(folder: Path, *rules: dict[str, object], name: str = "rules") -> Path:
    """Write rules about all zones, and return their path."""
    path = folder / f"{name}.json"
    usual = {"kind": "other", "measure": "present_and_silent", "clear_s": 60}
    # each of other classes, since of two rules that ask the same one wins
    classes = (["N1"], ["N1", "N2"], ["N1", "N3"])
    given = [{**usual, "classes": kind, **rule} for rule, kind in zip(rules, classes, strict=False)]
    path.write_text(json.dumps({"rules": given}))
    return path


def put_slots(settings: Settings, loads: Sequence[float | None], slot_s: int = SLOT_S) -> None:
    """Put cells of vans in zone a, and minutes in which the feed was heard; None: it was not."""
    with open_connection(settings.database_url, application_name="test") as connection:
        for place, load in enumerate(loads):
            start = START + timedelta(seconds=place * slot_s)
            if load is None:
                continue
            connection.execute(
                "INSERT INTO core.feed_minute VALUES (0, %s, 9, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
                (start,),
            )
            connection.execute(
                "INSERT INTO core.flow_slot SELECT zone_no, %s, 1, %s, %s, 0, 1, 1, 5, 4, 0, 0, %s, "
                "0, 0, 0, 0, 0, 0, 0 FROM core.zone WHERE zone_id = 'a'",
                (VAN, start, slot_s, round(load * slot_s * 1e6)),
            )


def replayed(settings: Settings, path: Path, slots: int = len(LOADS)) -> ReplayReport:
    """Replay the period of some slots."""
    from_us = round(START.timestamp() * 1e6)
    period = Period(from_us, from_us + slots * SLOT_S * 1_000_000)
    return replay_rules(settings, period, path, lambda _line: None, now_us=NOW_US)


def test_two_rule_sets_stand_beside_each_other(history: Settings, tmp_path: Path) -> None:
    """How often, how long and when; a rule of only one of them has no figures in the other."""
    report = replayed(
        history, rule_file(tmp_path, {"id": "busy", "capacity": 10}, {"id": "new", "capacity": 99})
    )

    by_rule = {line.rule: line for line in report.rules}
    assert ["busy", "new", "old"] == list(by_rule)
    busy = by_rule["busy"]
    assert busy.present is not None
    assert busy.file is not None
    assert ((1, 1), (2, 2 * 660.0 + 300.0)) == (
        (busy.present.firings, busy.present.zones_fired),
        (busy.file.firings, busy.file.fired_s),
    )
    assert (None, 0) == (by_rule["new"].present, by_rule["new"].file and by_rule["new"].file.firings)
    assert by_rule["old"].file is None
    first = report.file_firings[0]
    assert ("a", START + timedelta(seconds=SLOT_S), 12, 10) == (
        first.zone_id,
        datetime.fromtimestamp(first.since_us / 1e6, UTC),
        first.peak_value,
        first.capacity,
    )
    assert [] == report.warnings


def test_a_zone_without_cells_was_empty_while_the_feed_was_heard(history: Settings, tmp_path: Path) -> None:
    """Zero is not missing: of a rule that one vehicle breaks, the empty zone is not part."""
    report = replayed(history, rule_file(tmp_path, {"id": "any", "capacity": 0}))

    (line,) = [line.file for line in report.rules if line.rule == "any"]
    assert line is not None
    assert (2, 1) == (line.zones, line.zones_fired)


def test_slots_that_were_not_heard_are_warned_of(history: Settings, tmp_path: Path) -> None:
    """An overload neither ends nor begins in them."""
    put_slots(history, [*[None] * (len(LOADS) + 2), 15, 15])

    report = replayed(history, rule_file(tmp_path, {"id": "busy", "capacity": 10}), len(LOADS) + 4)

    assert ["2 of 14 buckets are without data"] == report.warnings
    assert (12, 14) == (report.buckets, (report.to_us - report.from_us) // (SLOT_S * 1_000_000))


def test_hours_stand_in_for_slots_that_are_gone(history: Settings, tmp_path: Path) -> None:
    """And it is said what is missed."""
    with open_connection(history.database_url, application_name="test") as connection:
        connection.execute(
            "INSERT INTO core.retention_horizon VALUES ('flow_slot', %s) ON CONFLICT (table_name) "
            "DO UPDATE SET horizon = excluded.horizon",
            (START + timedelta(hours=1),),
        )
        connection.execute("DELETE FROM core.flow_slot")
        connection.execute(
            "INSERT INTO core.flow_hour SELECT zone_no, %s, 1, %s, 0, 1, 1, 5, 4, 0, 0, %s, "
            "0, 0, 0, 0, 0, 0, 0 FROM core.zone WHERE zone_id = 'a'",
            (VAN, START, 12 * 3_600 * 1_000_000),
        )

    report = replayed(history, rule_file(tmp_path, {"id": "busy", "capacity": 10}))

    assert (3_600, 1, 12) == (report.bucket_s, len(report.file_firings), report.file_firings[0].peak_value)
    assert "overloads shorter than an hour are missed" in report.warnings[0]


def test_a_period_without_history_or_of_two_slot_lengths_is_refused(
    history: Settings, tmp_path: Path
) -> None:
    """In a sentence."""
    rules = rule_file(tmp_path, {"id": "busy", "capacity": 10})
    with pytest.raises(InvalidInputError, match="nothing was heard"):
        replay_rules(history, Period(0, 10**12), rules, lambda _line: None, now_us=NOW_US)
    with pytest.raises(InvalidInputError, match="later than --from"):
        replay_rules(history, Period(10, 10), rules, lambda _line: None, now_us=NOW_US)
    put_slots(history, [1], slot_s=60)
    with pytest.raises(InvalidInputError, match="slot length changed"):
        replayed(history, rules)


def test_the_command_prints_both_and_when(
    history: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """A table for people, everything for machines."""
    assert "figures" in history.database_url
    rules = rule_file(tmp_path, {"id": "busy", "capacity": 10})
    end = (START + timedelta(seconds=len(LOADS) * SLOT_S)).isoformat()
    command = ["alerts", "replay", "--from", START.isoformat(), "--to", end, "--rules", str(rules)]

    assert 0 == run(command)
    printed = capsys.readouterr().out
    assert ["busy", "2", "1", "0.3", "16", "2", "0.5", "16"] == next(
        line.split() for line in printed.splitlines() if line.startswith("busy")
    )
    assert "2026-11-23T10:05+01:00" in printed
    assert "2 alerts of the file" in printed
    assert 0 == run([*command, "--json"])
    assert 2 == len(json.loads(capsys.readouterr().out)["file_firings"])
