"""Intake over logs in memory: its arrival and event clocks, and the progress and ticks that tell of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from duls.pipelines.grant_keeper import GrantKeeper
from duls.pipelines.intake import Known
from naive import PositionRow, event_arrivals
from processors.grants import NEVER_ENDS_US, Grant, GrantBook
from processors.source_clock import Mark
from processors.vocabulary import Outcome
from streams.observation_headers import Kind
from tests.duls.pipelines.intake_world import (
    LOGS,
    NEVER_US,
    NOW_MS,
    OBSERVATIONS,
    PARTITIONS,
    RAW,
    RAW_ID,
    Record,
    Running,
    kind_of,
    log_of,
)
from tests.streams.client_fakes import message


@given(LOGS, st.data())
def test_the_event_clock_is_that_of_the_definition(records: list[Record], data: st.DataObject) -> None:
    """The arrival of an accepted row is the largest accepted event time of its partition, in whatever batches."""
    log = log_of(records)
    cut = data.draw(st.integers(0, len(log)))
    running = Running(clock="event")
    running.own()

    running.read(log[:cut])
    running.read(log[cut:])

    accepted = [
        PositionRow(
            partition=int(columns.partition[row]),
            offset=int(columns.offset[row]),
            arrival_us=int(columns.arrival_us[row]),
            event_us=int(columns.event_us[row]),
            vehicle="",
            lat=0.0,
            lon=0.0,
        )
        for _, columns in running.rows()
        for row in np.flatnonzero(columns.outcome == Outcome.ACCEPTED)
    ]
    accepted.sort(key=lambda row: row.identity)
    assert event_arrivals(accepted) == accepted


def test_a_position_without_a_grant_moves_no_event_clock() -> None:
    """It is not accepted: the next one arrives at its own time, and is not late."""
    running = Running(
        clock="event",
        known=Known(grants=GrantKeeper(lambda: GrantBook([Grant("a", None, 0, NEVER_ENDS_US)]))),
    )
    running.own((RAW, 0))
    times_ms = [NOW_MS - hours * 3_600_000 for hours in (10, 5, 9)]

    running.read(
        [
            message(
                RAW,
                0,
                offset,
                b'{"vehicle":"NL:AB-1","time":%d,"lat":52.0,"lon":5.0,"carrier":"%s"}' % (time_ms, carrier),
                time_ms=NOW_MS,
            )
            for offset, (time_ms, carrier) in enumerate(zip(times_ms, [b"a", b"b", b"a"], strict=True))
        ]
    )
    running.intake.finish()

    ((_, columns),) = running.rows()
    assert [Outcome.ACCEPTED, Outcome.NO_GRANT, Outcome.ACCEPTED] == columns.outcome.tolist()
    assert [times_ms[place] * 1_000 for place in (0, 0, 2)] == columns.arrival_us.tolist()
    assert times_ms[2] * 1_000 == running.marks()[-1].arrival_us


@given(LOGS)
def test_arrivals_never_go_back_and_ticks_count(records: list[Record]) -> None:
    """Within a partition; the arrival of a row is the largest broker time so far, of ticks too."""
    running = Running()
    running.own()

    running.read(log_of(records))

    newest = {0: NEVER_US, 1: NEVER_US}
    expected = []
    ends = {0: 0, 1: 0}
    for record in records:
        newest[record.partition] = max(newest[record.partition], (NOW_MS + record.time_ms) * 1_000)
        if record.event_ms is not None:
            expected.append((record.partition, ends[record.partition], newest[record.partition]))
        ends[record.partition] += 1
    found = [(row[0], row[1], row[3]) for row in running.row_tuples()]
    assert sorted(expected) == found


def test_progress_is_sent_behind_the_rows_that_it_speaks_of() -> None:
    """To every observation partition, with the newest arrival."""
    running = Running()
    running.own()

    running.read(log_of([Record(0, 5, 0), Record(0, 3, 0), Record(1, 9, None)]), after_s=1.0)

    kinds = [kind_of(sent.headers) for sent in running.producer.sent if sent.topic == OBSERVATIONS]
    assert [Kind.POSITIONS] + [Kind.PROGRESS] * PARTITIONS == kinds
    assert [
        Mark(RAW_ID, 0, 2, 0, 2, (NOW_MS + 5) * 1_000),
        Mark(RAW_ID, 0, 2, 1, 1, (NOW_MS + 9) * 1_000),
    ] == running.marks()


def test_progress_is_not_repeated() -> None:
    """What stands still says nothing."""
    running = Running()
    running.own()
    running.read(log_of([Record(0, 5, 0)]), after_s=1.0)
    before = running.marks()

    running.read([], after_s=0.3)

    assert before == running.marks()


def test_silent_partitions_are_ticked_with_the_arrival_clock_only() -> None:
    """A history does not wait for anybody's clock."""
    live, history = Running(), Running(clock="event")
    for running in (live, history):
        running.own()
        running.read([], after_s=1.5)

    assert {0, 1} == {sent.partition for sent in live.producer.sent if sent.topic == RAW}
    assert [] == [sent for sent in history.producer.sent if sent.topic == RAW]
