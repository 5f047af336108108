"""Partial counts added up: the newest of each partition, whole, whatever older owners say."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.pipelines.partial_counts import PartialCounts
from duls.pipelines.zone_sums import ZoneSums
from tests.duls.pipelines.alert_world import START_US, counts

Row = tuple[str, str, str, int, int]


def message(second: float, present: dict[str, int], **fields: object) -> PartialCounts:
    """Return a decoded message."""
    return msgspec.json.decode(counts(second, present, **fields), type=PartialCounts)  # type: ignore[arg-type]  # fields of several types


def present(sums: ZoneSums, zone_id: str) -> int:
    """Return how many vehicles are in a zone."""
    return sum(row.present for row in sums.rows(zone_id))


def test_partitions_add_up() -> None:
    """A zone has what all partitions say, at the time that all have reached."""
    sums = ZoneSums(2)
    sums.take(message(1, {"a": 3}, partition=0), 0)
    assert not sums.is_complete

    change = sums.take(message(2, {"a": 4, "b": 1}, partition=1), 1)

    assert ({"a", "b"}, 7, 1) == (set(change.zones), present(sums, "a"), present(sums, "b"))
    assert (True, START_US + 1_000_000, 0) == (sums.is_complete, sums.as_of_us, sums.read_from)


@pytest.mark.parametrize(("epoch", "second"), [(1, 9.0), (2, 4.9)])
def test_an_older_owner_is_refused(epoch: int, second: float) -> None:
    """A lower epoch, or a lower offset of the same one, changes nothing."""
    sums = ZoneSums(1)
    sums.take(message(5, {"a": 3}, epoch=2), 0)

    change = sums.take(message(second, {"a": 99}, epoch=epoch), 1)

    assert (True, 3) == (change.is_stale, present(sums, "a"))


def test_a_repeat_changes_nothing() -> None:
    """Counts that stay are sent each second."""
    sums = ZoneSums(1)
    sums.take(message(1, {"a": 3}), 0)

    change = sums.take(message(1, {"a": 3}), 1)

    assert (frozenset(), False, 1) == (change.zones, change.is_stale, sums.read_from)


def test_counts_in_several_messages_are_taken_together() -> None:
    """A zone that moves from one message to another is never missing and never doubled."""
    sums = ZoneSums(1)
    sums.take(message(1, {"a": 3}, shards=2), 0)
    sums.take(message(1, {"b": 4}, shard=1, shards=2), 1)
    assert (3, 4) == (present(sums, "a"), present(sums, "b"))

    sums.take(message(2, {}, shards=2), 2)
    assert (3, 4) == (present(sums, "a"), present(sums, "b"))
    change = sums.take(message(2, {"a": 3, "b": 5}, shard=1, shards=2), 3)

    assert ({"b"}, 3, 5, 2) == (set(change.zones), present(sums, "a"), present(sums, "b"), sums.read_from)


def test_half_of_older_counts_is_dropped() -> None:
    """Its other half may never come."""
    sums = ZoneSums(1)
    sums.take(message(1, {"a": 3}, shards=2), 0)
    sums.take(message(2, {"a": 8}), 1)

    assert sums.take(message(1, {"b": 4}, shard=1, shards=2), 2).is_stale
    assert (8, 0) == (present(sums, "a"), present(sums, "b"))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),  # partition
            st.integers(1, 2),  # epoch
            st.integers(0, 9),  # offset
            st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)),
        ),
        max_size=25,
    )
)
def test_sums_are_those_of_the_newest_messages(log: list[tuple[int, int, int, dict[str, int]]]) -> None:
    """Whatever the order in which owners speak."""
    sums = ZoneSums(3)
    newest: dict[int, tuple[int, int, dict[str, int]]] = {}
    for place, (partition, epoch, offset, zones) in enumerate(log):
        sums.take(message(1, zones, partition=partition, epoch=epoch, offset=offset), place)
        known = newest.get(partition)
        if known is None or (epoch, offset) >= known[:2]:
            newest[partition] = (epoch, offset, zones)

    for zone in "abc":
        assert sum(zones.get(zone, 0) for *_, zones in newest.values()) == present(sums, zone)
