"""Tests of claims and the guards against wrong beginnings."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from duls.errors import RefusedError, TopicChangedError
from sinks.claims import Claim, claim
from sinks.connection import Connection
from sinks.doctor import conservation
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Cursor, Flush, OpenVisits, Snapshot
from tests.sinks.flush_values import RAW, SLOT_S, START_DAY, START_US, TOPIC, advance, cells, visits

pytestmark = pytest.mark.services

OTHER = UUID(int=77)


def write_figures(connection: Connection) -> None:
    """Claim partition 0 and write figures, a cursor and open visits under it."""
    prepare_session(connection)
    claims = claim(connection, TOPIC, [0], {0: 0, 1: 0})
    parts = Flush(
        [advance(claims, 0, 0, 5)],
        SLOT_S,
        cells([1], START_US),
        days=visits(START_DAY, 6, 2),
        cursors=[Cursor(TOPIC, 0, RAW, 0, 0, 100, 0, START_US)],
        open_visits=[OpenVisits(0, 4)],
    )
    flush(connection, parts, 1)


def offsets(claims: Mapping[int, Claim]) -> dict[int, int]:
    """Return where each claimed partition goes on."""
    return {partition: claimed.next_offset for partition, claimed in claims.items()}


def test_each_claim_raises_the_epoch(connection: Connection) -> None:
    """The first claim begins at the earliest offsets; the next keeps what is stored."""
    first = claim(connection, TOPIC, [0, 2], {0: 5, 1: 6, 2: 7})
    second = claim(connection, TOPIC, [2, 1], {0: 50, 1: 60, 2: 70})

    assert ({0: 5, 2: 7}, {1: 6, 2: 7}) == (offsets(first), offsets(second))
    assert first[2].epoch < second[2].epoch


@pytest.mark.parametrize("state", ["a restored database", "a clock that went back"])
def test_an_epoch_is_above_all_before(connection: Connection, state: str) -> None:
    """Messages of an earlier life tell their epochs still, and a reader takes the largest for the newest."""
    before = claim(connection, TOPIC, [0], {0: 5})[0].epoch
    change = "epoch = 3" if state == "a restored database" else f"epoch = {before + 3_600_000_000}"
    connection.execute(f"UPDATE core.observation_offset SET {change}".encode())  # noqa: S608 our own words

    after = claim(connection, TOPIC, [0], {0: 5})[0].epoch
    begun = claim(connection, OTHER, [0], {0: 0}, "earliest")[0].epoch

    assert before < after
    assert before < begun


def test_a_second_process_may_start_later(connection: Connection) -> None:
    """Its partitions got their rows at the first claim, so figures of the first do not stop it."""
    write_figures(connection)

    assert {1: 0} == offsets(claim(connection, TOPIC, [1], {0: 0, 1: 9}))


def test_a_missing_offset_is_refused_where_figures_exist(connection: Connection) -> None:
    """The message says what to do; an explicit beginning is taken."""
    write_figures(connection)
    connection.execute("DELETE FROM core.observation_offset")

    with pytest.raises(RefusedError, match="explicitly"):
        claim(connection, TOPIC, [0], {0: 3, 1: 0})

    assert {0: 3} == offsets(claim(connection, TOPIC, [0], {0: 3, 1: 0}, "earliest"))


def test_an_explicit_beginning_forgets_the_progress_that_it_gives_up(connection: Connection) -> None:
    """Cursors of the old progress go, and its open visits count as closed, so the law still holds."""
    write_figures(connection)
    connection.execute("DELETE FROM core.observation_offset WHERE partition = 0")
    before = conservation(connection)

    claim(connection, TOPIC, [0], {0: 3, 1: 0}, "earliest")

    assert before.holds
    assert conservation(connection).holds
    assert [(0,)] == connection.execute("SELECT count(*) FROM core.source_cursor").fetchall()


def test_records_that_are_gone_are_skipped_only_explicitly(connection: Connection) -> None:
    """The partition goes on at the oldest record, without the progress that led to the gap, which is written down."""
    write_figures(connection)

    untold = claim(connection, TOPIC, [0], {0: 8, 1: 0})
    told = claim(connection, TOPIC, [0], {0: 8, 1: 0}, "earliest")

    gaps = connection.execute("SELECT source_topic_id, from_offset, to_offset FROM core.data_gap").fetchall()
    assert ({0: 5}, {0: 8}) == (offsets(untold), offsets(told))
    assert [(TOPIC, 5, 8)] == gaps
    assert [(0,)] == connection.execute("SELECT count(*) FROM core.source_cursor").fetchall()
    assert conservation(connection).holds


def test_a_snapshot_that_cannot_be_replayed_is_given_up_without_a_gap(connection: Connection) -> None:
    """The stored offset can still be read, so nothing is lost but the state."""
    write_figures(connection)
    claims = claim(connection, TOPIC, [0], {0: 0, 1: 0})
    snapshot = Snapshot(TOPIC, 0, 3, 1, b"state")
    cursors = [Cursor(TOPIC, 0, TOPIC, 0, 0, 70, 0, 1)]
    flush(connection, Flush([advance(claims, 0, 5, 6)], SLOT_S, cursors=cursors, snapshots=[snapshot]), 1)

    told = claim(connection, TOPIC, [0], {0: 4, 1: 0}, "earliest")

    assert 6 == told[0].next_offset
    assert [(0,)] == connection.execute("SELECT count(*) FROM core.data_gap").fetchall()
    assert [(0,)] == connection.execute("SELECT count(*) FROM core.snapshot").fetchall()
    # what is read again is compared with them
    kept = connection.execute("SELECT next_offset FROM core.source_cursor WHERE partition = 0").fetchall()
    assert [(70,), (100,)] == sorted(kept)


def test_one_missing_offset_among_others_is_refused(connection: Connection) -> None:
    """A hole is not a partition that was added."""
    claim(connection, TOPIC, [0], {0: 0, 1: 0})
    connection.execute("DELETE FROM core.observation_offset WHERE partition = 0")

    with pytest.raises(RefusedError, match=r"\[0\]"):
        claim(connection, TOPIC, [1], {0: 0, 1: 0})


def test_a_partition_added_to_the_topic_begins_at_its_start(connection: Connection) -> None:
    """It is new, so nothing of it was ever read; where its start is gone, that is refused."""
    write_figures(connection)

    assert {2: 0} == offsets(claim(connection, TOPIC, [2], {0: 0, 1: 0, 2: 0}))
    with pytest.raises(RefusedError, match=r"\[3\]"):
        claim(connection, TOPIC, [3], {0: 0, 1: 0, 2: 0, 3: 8})


def test_a_recreated_topic_is_refused(connection: Connection) -> None:
    """Stored offsets speak of another topic; an explicit beginning takes the new one."""
    write_figures(connection)

    with pytest.raises(TopicChangedError, match="re-created"):
        claim(connection, OTHER, [0], {0: 0, 1: 0})

    assert {0: 2} == offsets(claim(connection, OTHER, [0], {0: 2, 1: 0}, "earliest"))
    with pytest.raises(TopicChangedError):
        claim(connection, TOPIC, [0], {0: 0, 1: 0})


def test_a_partition_without_an_earliest_offset_is_refused(connection: Connection) -> None:
    """The caller must name every partition of the topic."""
    with pytest.raises(RefusedError, match=r"\[4\]"):
        claim(connection, TOPIC, [4], {0: 0})
