"""A partition between claim and release: what moved, what a replay must equal, and what changed in zones."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import ReplayError
from duls.pipelines.owned_partition import Origin, OwnedPartition, now_change, now_columns
from duls.pipelines.worlds import Worlds
from processors.ledger import Ledger
from processors.observation_partition import new_partition
from processors.positions import NowCounts
from processors.rules import FigureSettings, rules_of
from processors.snapshot import FORMAT
from processors.source_clock import Mark
from processors.vehicle_table import FOREVER_US
from processors.vocabulary import Source
from sinks.flush_parts import Cursor, PartitionAdvance
from tests.duls.pipelines.aggregate_entries import FMS_ID, MIDNIGHTS_US, START_US, TOPIC_ID
from tests.duls.pipelines.aggregate_versions import version_source

Rows = dict[tuple[int, int, int], tuple[int, int]]


NOBODY = now_columns(4, now_change(None, NowCounts(*np.empty((5, 0), np.int32))))


def owned_partition(*, start: int = 5, stored: int = 9, origin: Origin = Origin.SNAPSHOT) -> OwnedPartition:
    """Return a partition of which one source partition was read to offset 3."""
    worlds = Worlds(version_source())
    state = new_partition(
        rules_of(FigureSettings()), 0.5, worlds.zone_sets, worlds.zones(1), worlds.cameras(1), MIDNIGHTS_US
    )
    state.progress([Mark(FMS_ID, 0, 1, 0, 3, START_US)], Ledger())
    return OwnedPartition(
        TOPIC_ID, 4, state, epoch=2, start_offset=start, stored_offset=stored, origin=origin
    )


def cursor(next_offset: int, next_index: int = 0) -> Cursor:
    """Return a stored cursor of the one source partition."""
    return Cursor(TOPIC_ID, 4, UUID(bytes=FMS_ID), 0, 0, next_offset, next_index, START_US)


@pytest.mark.parametrize(
    ("read", "is_replaying", "has_moved"), [(8, True, False), (9, False, False), (10, False, True)]
)
def test_a_replay_lasts_up_to_the_stored_offset(read: int, is_replaying: bool, has_moved: bool) -> None:
    """What is read beyond it is new."""
    owned = owned_partition()

    owned.read_offset = read

    assert (is_replaying, has_moved) == (owned.is_replaying, owned.has_moved)


def test_a_snapshot_is_new_where_the_state_moved_or_was_drained() -> None:
    """A drain moves the state without a message."""
    owned = owned_partition(start=9)
    assert not owned.has_news_for_a_snapshot

    owned.drain(Ledger())
    assert owned.has_news_for_a_snapshot

    owned.snapshot_offset = 9
    owned.read_offset = 10
    assert owned.has_news_for_a_snapshot


def test_a_replay_that_equals_the_database_knows_what_is_stored() -> None:
    """The next flush brings only what changed since."""
    owned = owned_partition()
    assert owned.stored_now is None

    owned.end_replay([cursor(3)], NOBODY, 0)

    assert owned.stored_now is not None
    assert 0 == owned.stored_now.zone_no.size
    assert 0 == owned.lost_visits


def test_what_the_database_has_is_what_the_next_flush_replaces() -> None:
    """Vehicles in zones, and open visits that the state does not know."""
    owned = owned_partition(origin=Origin.PART_OF_LOG)
    stored = NowCounts(
        np.array([7], np.int32),
        np.array([3], np.uint8),
        np.array([1], np.uint8),
        np.array([5], np.int32),
        np.array([2], np.int32),
    )

    owned.end_replay([cursor(3)], now_columns(4, now_change(None, stored)), 6)

    assert owned.stored_now is not None
    assert 0 == now_change(owned.stored_now, stored).zone_no.size
    assert 6 == owned.lost_visits


@pytest.mark.parametrize(
    "stored", [[], [cursor(2)], [cursor(3, 1)], [cursor(3), cursor(3)._replace(source_partition=1)]]
)
def test_a_replay_that_differs_is_refused_with_the_difference(stored: list[Cursor]) -> None:
    """Guard 16: cursors that are missing, behind, ahead or more."""
    owned = owned_partition()

    with pytest.raises(ReplayError, match=r"partition 4 .* offset 9.*replayed .*stored "):
        owned.end_replay(stored, NOBODY, 0)


def test_a_part_of_the_log_need_not_tell_of_each_source() -> None:
    """What an operator wants to begin with: cursors that the log does not name any more are taken over."""
    owned = owned_partition(origin=Origin.PART_OF_LOG)
    other = cursor(70, 2)._replace(source_partition=1)

    owned.end_replay([cursor(3), other], NOBODY, 0)

    assert [cursor(3), other] == owned.cursors()


@pytest.mark.parametrize("stored", [[cursor(2)], [cursor(3, 1)], []])
def test_what_a_part_of_the_log_tells_must_be_so(stored: list[Cursor]) -> None:
    """Guard 16 holds for it too."""
    owned = owned_partition(origin=Origin.PART_OF_LOG)

    with pytest.raises(ReplayError):
        owned.end_replay(stored, NOBODY, 0)


def test_an_advance_names_what_it_expects() -> None:
    """Under our epoch, from the stored offset to the one that is read."""
    owned = owned_partition()
    owned.read_offset = 12

    assert PartitionAdvance(TOPIC_ID, 4, 9, 12, 2) == owned.advance()


def test_a_snapshot_stands_at_the_read_offset() -> None:
    """Replay goes on from there."""
    owned = owned_partition()
    owned.read_offset = 12

    snapshot = owned.snapshot()

    assert (TOPIC_ID, 4, 12, FORMAT) == snapshot[:4]


def counts(rows: Rows) -> NowCounts:
    """Return counts, ordered by key as the processors order them."""
    keys = sorted(key for key, values in rows.items() if any(values))
    columns = [[key[place] for key in keys] for place in range(3)]
    values = [[rows[key][place] for key in keys] for place in range(2)]
    return NowCounts(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.uint8),
        np.array(columns[2], np.uint8),
        np.array(values[0], np.int32),
        np.array(values[1], np.int32),
    )


present = st.dictionaries(
    st.tuples(st.sampled_from([0, 1, 7, (1 << 24) - 1]), st.integers(0, 8), st.integers(0, 2)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    max_size=6,
)


@given(st.one_of(st.none(), present), present)
def test_a_change_leads_from_the_old_rows_to_the_new_ones(old: Rows | None, new: Rows) -> None:
    """Each changed key once; those that are gone become zero."""
    change = now_change(None if old is None else counts(old), counts(new))

    keys = list(zip(*(column.tolist() for column in change[:3]), strict=True))
    values = list(zip(change.present.tolist(), change.silent.tolist(), strict=True))
    before = {key: value for key, value in (old or {}).items() if any(value)}
    after = {
        key: value for key, value in {**before, **dict(zip(keys, values, strict=True))}.items() if any(value)
    }
    assert {key: value for key, value in new.items() if any(value)} == after
    assert len(keys) == len(set(keys))
    assert all(before.get(key, (0, 0)) != value for key, value in zip(keys, values, strict=True))


def test_the_columns_of_a_change_name_the_partition() -> None:
    """Partitions write rows of their own, which views add up."""
    columns = now_columns(4, now_change(None, counts({(1, 3, 1): (2, 0), (2, 3, 1): (0, 1)})))

    assert [4, 4] == columns.partition.tolist()
    assert ([1, 2], [2, 0], [0, 1]) == (
        columns.zone_no.tolist(),
        columns.present.tolist(),
        columns.silent.tolist(),
    )


def test_what_is_there_now_is_counted_once_per_offset() -> None:
    """Reading on, or taking what is held, asks the state again."""
    owned = owned_partition()
    first = owned.now()
    assert first is owned.now()

    owned.read_offset += 1
    second = owned.now()
    owned.drain(Ledger())
    third = owned.now()

    assert first is not second is not third
    assert START_US == first[0] == second[0] == third[0]  # type: ignore[index]  # stream time is known


@pytest.mark.parametrize("origin", Origin)
def test_cursors_of_a_topic_that_is_over_are_taken_over(origin: Origin) -> None:
    """A log that begins after its end does not tell of it."""
    owned = owned_partition(origin=origin)
    over = cursor(8)._replace(source_topic_id=UUID(int=1), arrival_us=FOREVER_US)

    owned.end_replay([cursor(3), over], NOBODY, 0)

    assert START_US == owned.state.stream_us(Source.FMS)
    assert owned.state.clocks[UUID(int=1).bytes].is_over
