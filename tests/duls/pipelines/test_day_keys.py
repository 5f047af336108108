"""Day keys: asked for once, destroyed everywhere, and never those of another topic."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import numpy as np
import pytest

from duls.errors import TopicChangedError
from duls.local_midnights import local_midnights
from duls.pipelines.day_keys import DAYS_REMEMBERED, DayKeys
from processors.units import DAY_US
from streams.decode.positions import decode_positions

MIDNIGHTS_US = local_midnights()
SOURCES = {"raw": UUID(int=1)}
HASH_KEY = bytes(16)


class Row(NamedTuple):
    """A day row."""

    key: bytes | None
    partitions: int
    sources: Mapping[str, UUID]


class MemoryKeys:
    """Day rows in memory; the first asker decides."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.asked: list[int] = []
        self.expired: list[int] = []

    def day_row(self, day: int, partitions: int, sources: Mapping[str, UUID]) -> Row:
        """Return the row of a day, making it when missing."""
        self.asked.append(day)
        return self.rows.setdefault(day, Row(bytes([day % 251]) * 32, partitions, dict(sources)))

    def sources(self) -> list[tuple[str, UUID]]:
        """Return the source topics of all days."""
        return [place for row in self.rows.values() for place in row.sources.items()]

    def destroy(self, day: int) -> None:
        """Destroy the key of a day, as any process may."""
        self.rows[day] = self.rows[day]._replace(key=None)

    def destroy_expired(self) -> list[int]:
        """Destroy what a test made expire."""
        expired, self.expired = self.expired, []
        for day in expired:
            self.destroy(day)
        return expired


def keys_of(store: MemoryKeys, partitions: int = 4, sources: Mapping[str, UUID] = SOURCES) -> DayKeys:
    """Return the day keys of a process."""
    return DayKeys(
        store, partitions=partitions, sources=sources, hash_key=HASH_KEY, midnights_us=MIDNIGHTS_US
    )


def pseudonym(keys: DayKeys, day: int, vehicle: str = "NL:AB-1") -> tuple[int, int] | None:
    """Return the pseudonym of a vehicle, None where the key is destroyed."""
    pseudonymise = keys.key_of(day).pseudonymise
    if pseudonymise is None:
        return None
    decoded = decode_positions([b'{"vehicle":"%s","time":1,"lat":1.0,"lon":1.0}' % vehicle.encode()])
    hi, lo = pseudonymise(decoded, np.array([0]))
    return int(hi[0]), int(lo[0])


def test_all_processes_give_the_same_pseudonym_on_a_day_and_another_the_next() -> None:
    """Whatever they remember of it."""
    store = MemoryKeys()
    first, second = keys_of(store), keys_of(store)

    assert pseudonym(first, 5) == pseudonym(second, 5) == pseudonym(first, 5)
    assert pseudonym(first, 5) != pseudonym(first, 6)
    assert pseudonym(first, 5) != pseudonym(first, 5, "NL:AB-2")


def test_a_day_keeps_the_partitions_that_it_began_with() -> None:
    """Guard 9: another count holds for days that begin later."""
    store = MemoryKeys()
    keys_of(store, partitions=4).key_of(5)

    later = keys_of(store, partitions=8)

    assert (4, 8) == (later.key_of(5).partitions, later.key_of(6).partitions)


def test_a_day_is_asked_for_once() -> None:
    """Every batch asks for its days."""
    store = MemoryKeys()
    keys = keys_of(store)

    for _ in range(3):
        keys.key_of(5)

    assert [5] == store.asked


def test_only_the_days_used_last_are_remembered() -> None:
    """A year of history would else keep the pseudonyms of all of its days in memory."""
    store = MemoryKeys()
    keys = keys_of(store)
    for day in range(3 * DAYS_REMEMBERED):
        keys.key_of(0)
        keys.key_of(day)

    assert DAYS_REMEMBERED == len(keys._keys)
    assert 1 == store.asked.count(0)
    keys.key_of(1)
    assert 2 == store.asked.count(1)


def test_a_topic_made_anew_within_a_day_is_refused() -> None:
    """Guard 3: its offsets begin again, and cursors speak of the old ones."""
    store = MemoryKeys()
    keys_of(store).key_of(5)
    anew = keys_of(store, sources={"raw": UUID(int=2)})

    with pytest.raises(TopicChangedError, match="made anew"):
        anew.key_of(5)


def test_a_feed_added_within_a_day_is_taken() -> None:
    """The row of the day knows nothing of it."""
    store = MemoryKeys()
    keys_of(store).key_of(5)

    more = keys_of(store, sources={**SOURCES, "other": UUID(int=2)})

    assert 4 == more.key_of(5).partitions


def test_maintenance_makes_the_key_of_tomorrow() -> None:
    """A day ahead, so that midnight waits for no database; on days of 23 and 25 hours too."""
    store = MemoryKeys()
    keys = keys_of(store)
    for day in (20_751, 20_905, 20_000):
        keys.maintain(int(MIDNIGHTS_US[day]) + DAY_US // 2)

    assert {20_752, 20_906, 20_001} <= set(store.rows)


@pytest.mark.parametrize("by_us", [True, False])
def test_a_destroyed_key_is_forgotten_by_every_process(by_us: bool) -> None:
    """Whoever destroyed it: the promise is about every copy, that within a cache of pseudonyms included."""
    store = MemoryKeys()
    keys = keys_of(store)
    assert pseudonym(keys, 5) is not None
    if by_us:
        store.expired = [5]
    else:
        store.destroy(5)

    destroyed = keys.maintain(int(MIDNIGHTS_US[100]))

    assert [5] * by_us == destroyed
    assert pseudonym(keys, 5) is None


def test_a_topic_made_anew_is_refused_at_once_whatever_day_it_is() -> None:
    """Days that began with the old one may be over; a record of one of them would be refused in the midst of others."""
    store = MemoryKeys()
    keys_of(store).key_of(5)
    keys_of(store).require_topics()
    keys_of(store, sources={"other": UUID(int=2)}).require_topics()

    with pytest.raises(TopicChangedError, match=r"topic raw was made anew.*duls topics renew raw"):
        keys_of(store, sources={"raw": UUID(int=2)}).require_topics()
