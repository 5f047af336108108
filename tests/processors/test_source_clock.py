"""Rows are new once, and stream time is that of the slowest source partition."""

from random import Random
from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive_examples import T0
from processors.source_clock import Cursor, Mark, SourceClock
from processors.vehicle_table import FOREVER_US, NEVER_US
from processors.vocabulary import Source

TOPIC: Final = b"0123456789abcdef"


def mark(partition: int, next_offset: int, arrival_us: int, partitions: int = 2) -> Mark:
    """Return progress of one source partition."""
    return Mark(TOPIC, Source.FMS, partitions, partition, next_offset, arrival_us)


def admitted(clock: SourceClock, rows: list[tuple[int, int, int]]) -> list[bool]:
    """Return which rows, given as (partition, offset, index), are new."""
    table = np.array(rows, np.int64).reshape(-1, 3)
    new = clock.admit(table[:, 0].astype(np.int32), table[:, 1].copy(), table[:, 2].astype(np.int32))
    return [True] * len(rows) if new is None else new.tolist()


@given(st.randoms(use_true_random=False))
def test_each_row_is_new_once_however_often_intake_starts_again(rng: Random) -> None:
    """Each source partition is sent in order; at any time it may be sent again from anywhere."""
    rows = {
        partition: [(partition, offset, index) for offset in range(8) for index in range(rng.randint(1, 3))]
        for partition in range(3)
    }
    clock, sent = SourceClock(TOPIC, Source.FMS), dict.fromkeys(rows, 0)
    seen: list[tuple[int, int, int]] = []
    for _ in range(60):
        partition = rng.randrange(3)
        if rng.random() < 0.2:
            sent[partition] = rng.randint(0, sent[partition])
        batch = rows[partition][sent[partition] : sent[partition] + rng.randint(0, 5)]
        sent[partition] += len(batch)
        assert [row not in seen for row in batch] == admitted(clock, batch)
        seen += [row for row in batch if row not in seen]


def test_rows_of_several_partitions_in_one_batch_are_told_apart() -> None:
    """Each partition has a cursor of its own, new partitions too."""
    clock = SourceClock(TOPIC, Source.FMS)

    assert [True, True, False, True] == admitted(clock, [(0, 5, 0), (2, 1, 0), (2, 0, 9), (0, 5, 1)])
    assert [False, True, True] == admitted(clock, [(0, 5, 1), (1, 0, 0), (2, 1, 1)])
    assert [] == admitted(clock, [])


def test_progress_moves_the_cursor_past_records_without_rows() -> None:
    """A row below it is a repeat; older progress changes nothing."""
    clock = SourceClock(TOPIC, Source.FMS)
    clock.progress(mark(1, 10, T0))
    clock.progress(mark(1, 7, T0 - 1))

    assert [False, True] == admitted(clock, [(1, 9, 3), (1, 10, 0)])
    clock.progress(mark(1, 10, T0 + 5))
    assert [False, True] == admitted(clock, [(1, 10, 0), (1, 10, 1)])
    assert [
        Cursor(TOPIC, Source.FMS, 0, 0, 0, NEVER_US),
        Cursor(TOPIC, Source.FMS, 1, 10, 2, T0 + 5),
    ] == clock.cursors()


def test_stream_time_is_unknown_until_every_partition_was_heard_of() -> None:
    """Then it is that of the slowest, and goes on when the slowest does."""
    clock = SourceClock(TOPIC, Source.FMS)
    told = [clock.stream_us]
    for each in (
        mark(0, 1, T0 + 9),
        mark(1, 0, NEVER_US),
        mark(1, 1, T0),
        mark(1, 2, T0 + 20),
        mark(0, 1, T0),
    ):
        clock.progress(each)
        told.append(clock.stream_us)

    assert [None, None, None, T0, T0 + 9, T0 + 9] == told


def test_a_topic_that_grew_waits_for_its_new_partition() -> None:
    """Progress tells the number of partitions; rows of a new one alone are not enough."""
    clock = SourceClock(TOPIC, Source.FMS, partitions=1)
    clock.progress(mark(0, 1, T0, partitions=1))
    assert T0 == clock.stream_us

    clock.progress(mark(0, 2, T0 + 1, partitions=2))
    assert clock.stream_us is None
    clock.progress(mark(1, 0, T0 + 5, partitions=2))
    assert T0 + 1 == clock.stream_us


def test_the_newest_event_and_arrival_of_rows_are_kept() -> None:
    """Nothing changes without rows, or with older ones."""
    clock = SourceClock(TOPIC, Source.ANPR)
    clock.saw(NEVER_US, NEVER_US)
    assert (NEVER_US, NEVER_US) == (clock.last_event_us, clock.last_arrival_us)

    clock.saw(T0, T0 + 3)
    clock.saw(T0 - 9, T0 + 2)
    assert (T0, T0 + 3) == (clock.last_event_us, clock.last_arrival_us)


def test_nothing_of_a_topic_that_is_over_is_new() -> None:
    """Whoever woke up late may still send rows and progress of it; its cursors stay where they are."""
    clock = SourceClock(TOPIC, Source.FMS)
    clock.progress(mark(0, 3, T0, partitions=1))
    assert not clock.is_over

    clock.end()
    clock.progress(mark(0, 9, T0 + 5, partitions=1))
    clock.progress(mark(1, 9, T0 + 5))

    assert clock.is_over
    assert [False, False] == admitted(clock, [(0, 7, 0), (4, 0, 0)])
    assert [Cursor(TOPIC, Source.FMS, 0, 3, 0, FOREVER_US)] == clock.cursors()


def test_a_topic_that_is_over_is_so_also_where_nothing_of_it_was_heard() -> None:
    """And where only its cursors are taken over, of which each says so."""
    unheard, adopted = SourceClock(TOPIC, Source.FMS), SourceClock(TOPIC, Source.FMS)
    unheard.end()
    for cursor in (Cursor(TOPIC, Source.FMS, partition, 7, 0, FOREVER_US) for partition in (1, 0)):
        adopted.adopt(cursor)

    assert (True, True) == (unheard.is_over, adopted.is_over)
    assert [False] == admitted(unheard, [(0, 0, 0)])
