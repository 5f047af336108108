"""Partial counts: every zone once, in messages that fit."""

import msgspec
import numpy as np
import pytest

from duls.pipelines.partial_counts import ROWS_PER_SHARD, PartialCounts, partial_messages
from processors.positions import NowCounts
from processors.zone_file import LONGEST_ID_BYTES
from streams.observation_messages import MAX_MESSAGE_BYTES
from streams.topics import OBSERVATION_MESSAGE_BYTES
from tests.duls.pipelines.test_owned_partition import owned_partition


def counts(rows: int) -> NowCounts:
    """Return the counts of so many zones."""
    return NowCounts(
        np.arange(rows, dtype=np.int32),
        np.full(rows, 8, np.uint8),
        np.full(rows, 2, np.uint8),
        np.full(rows, 100_000, np.int32),
        np.full(rows, 100_000, np.int32),
    )


def zone_id(zone_no: int) -> str:
    """Return an id as long as those of neighbourhoods."""
    return f"BU{zone_no:08d}"


def messages(rows: int) -> dict[bytes, PartialCounts]:
    """Return the messages by their keys."""
    found = partial_messages(owned_partition(), 77, counts(rows), zone_id, settling=True)
    return {key: msgspec.json.decode(value, type=PartialCounts) for key, value in found}


@pytest.mark.parametrize(
    ("rows", "shards"),
    [(0, 1), (1, 1), (ROWS_PER_SHARD, 1), (ROWS_PER_SHARD + 1, 2), (3 * ROWS_PER_SHARD, 3)],
)
def test_zones_are_split_over_shards(rows: int, shards: int) -> None:
    """Each is in one; an empty partition says so too, since its last message may have said otherwise."""
    found = messages(rows)

    assert [b"4,%d" % shard for shard in range(shards)] == list(found)
    zones = [zone for counted in found.values() for zone, *_ in counted.zones]
    assert [zone_id(number) for number in range(rows)] == zones
    assert {(4, shards, 2, 5, 77, True)} == {
        (c.partition, c.shards, c.epoch, c.offset, c.as_of_us, c.settling) for c in found.values()
    }


def test_codes_are_words() -> None:
    """Whoever reads the topic has no code table."""
    assert [("BU00000000", "unknown", "unknown", 100_000, 100_000)] == messages(1)[b"4,0"].zones


def test_a_full_shard_fits_a_message() -> None:
    """With long numbers and ids as they are in the Netherlands."""
    found = partial_messages(owned_partition(), 77, counts(ROWS_PER_SHARD), zone_id, settling=False)

    assert all(len(value) <= MAX_MESSAGE_BYTES for _, value in found)


def test_a_full_shard_of_the_longest_ids_fits_what_a_topic_takes() -> None:
    """A hundred quotes are two hundred bytes as JSON."""
    found = partial_messages(
        owned_partition(), 77, counts(ROWS_PER_SHARD), lambda _number: '"' * LONGEST_ID_BYTES, settling=False
    )

    assert all(len(value) <= OBSERVATION_MESSAGE_BYTES for _, value in found)
